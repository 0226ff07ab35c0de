"""Which instance families have local disks. They encrypt these themselves, and SageMaker rejects a volume key for them.

Source: the EC2 guide, "Instance store volumes", and SageMaker's API reference of `VolumeKmsKeyId`. A test compares the
families with those of the pinned botocore, so that a new family is classified and not guessed.
"""

LOCAL_DISKS = frozenset(
    {
        *("g4dn", "g5", "g6", "g6e", "g7", "g7e"),
        *("p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300", "p6e-gb200"),
        "r5d",
        *("trn1", "trn1n", "trn2"),
    }
)
EBS_ONLY = frozenset(
    {
        *("c4", "c5", "c5n", "c6i", "c7i", "c7i-flex", "c8i", "c8i-flex"),
        *("m4", "m5", "m6i", "m7i", "m7i-flex", "m8i", "m8i-flex"),
        *("p2", "p3"),
        *("r5", "r6i", "r7i", "r8i", "r8i-flex"),
        "t3",
    }
)


def has_local_disks(instance_type: str) -> bool:
    """Return whether an instance type has local disks.

    Args:
        instance_type: SageMaker's name, such as `ml.m5.large`.

    Raises:
        ValueError: If the family is in neither list.
    """
    family = instance_type.split(".")[1]
    if family not in LOCAL_DISKS | EBS_ONLY:
        raise ValueError(f"{instance_type}: add the family {family} to a list in {__name__}")
    return family in LOCAL_DISKS
