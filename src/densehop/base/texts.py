"""Text of files that people bring: in UTF-8 or UTF-16, with or without a byte order mark."""

import codecs

from densehop.errors import InvalidInput

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(content: bytes, source: str) -> str:
    """Return a file's content as text without a byte order mark; `source` names it in the error."""
    encoding = "utf-16" if content.startswith(UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidInput(
            f"{source} is not text in UTF-8: line {line} holds the byte 0x{content[error.start]:02x}; save it as UTF-8"
        ) from error
