import pytest

from contract.error_codes import CUT, LONGEST, ErrorCode, FailureText, parse, render


@pytest.mark.parametrize("code", ErrorCode)
@pytest.mark.parametrize("message", ["The run needs 3 GB.", "[OutOfMemory] is quoted", "", "a: b; c, exit code: 7"])
def test_parse_reads_the_text_that_render_writes(code: ErrorCode, message: str) -> None:
    assert parse(render(code, message)) == FailureText(code=code, message=message)


def test_the_text_begins_with_the_code() -> None:
    assert render(ErrorCode.OUT_OF_DISK, "The run needs 3 GB.") == "[OutOfDisk] The run needs 3 GB."


def test_the_text_is_one_line() -> None:
    assert render(ErrorCode.JOB_ERROR, "a\n  b\x00\u2028c\r\n") == "[JobError] a b? c"


@pytest.mark.parametrize("code", ErrorCode)
def test_a_long_message_is_truncated_with_a_note(code: ErrorCode) -> None:
    for length in (LONGEST, 5000):
        text = render(code, "ä" * length)
        assert len(text) == LONGEST
        assert text.startswith(f"[{code}] ää")
        assert text.endswith(f"ää{CUT}")
    longest = "a" * (LONGEST - len(f"[{code}] "))
    assert render(code, longest) == f"[{code}] {longest}"


def test_parse_ignores_surrounding_white_space() -> None:
    assert parse("\n [Throttled]  slow down \n") == FailureText(code=ErrorCode.THROTTLED, message="slow down")
    assert parse("[OutOfDisk] here[OutOfMemory] there") == FailureText(
        code=ErrorCode.OUT_OF_DISK, message="here[OutOfMemory] there"
    )


@pytest.mark.parametrize(
    "text",
    ["", "the disk is full", "OutOfDisk: full", "[OutOfDisk", "[Nonsense] x", "[out of disk] x", "x [OutOfDisk] y"],
)
def test_other_texts_have_no_code(text: str) -> None:
    assert parse(text) is None
