"""Number of vCPUs, from the name of an instance type."""

import re

# An `Nxlarge` has 4 N vCPUs. Among all types for Processing (botocore 1.44), EC2's tables list this exception only.
# The only medium type is the t3, with 2 vCPUs; medium types with 1 vCPU are Graviton types.
EXCEPTIONS = {"c4.8xlarge": 36}
CORES = {"medium": 2, "large": 2, "xlarge": 4}
SIZE = re.compile(r"ml\.([a-z0-9-]+\.(?:(medium|large|xlarge)|([1-9][0-9]*)xlarge))")


def cores_of(instance_type: str) -> int:
    """Return the number of vCPUs.

    Args:
        instance_type: SageMaker's name, e.g. `ml.m5.4xlarge`.

    Raises:
        ValueError: If the name has no known size.
    """
    found = SIZE.fullmatch(instance_type)
    if found is None:
        raise ValueError(f"instance type {instance_type!r}: a name like ml.m5.4xlarge is needed to tell its cores")
    name, word, times = found.groups()
    if name in EXCEPTIONS:
        return EXCEPTIONS[name]
    return CORES[word] if word else 4 * int(times)
