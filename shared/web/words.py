"""The console's languages: Chinese is written, English is looked up by the Chinese sentence."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from markupsafe import Markup

Language: TypeAlias = Literal["zh", "en"]
Say: TypeAlias = Callable[..., Markup]

LANGUAGE_COOKIE = "lang"
WORDS_FILE = Path(__file__).parent / "words_en.json"


def language(cookies: Mapping[str, str]) -> Language:
    """The language a request asks for by its cookie `lang`; Chinese for anything unknown."""
    return "en" if cookies.get(LANGUAGE_COOKIE) == "en" else "zh"


@cache
def _english() -> dict[str, dict[str, str]]:
    return json.loads(WORDS_FILE.read_text(encoding="utf-8"))


def translated(sentence: str, lang: Language) -> str:
    """`sentence` in `lang`; a sentence nobody has translated stays Chinese rather than vanish."""
    if lang == "zh":
        return sentence
    words = _english()
    return words["pages"].get(sentence) or words["scripts"].get(sentence, sentence)


def sentences() -> dict[str, str]:
    """What services say in whole sentences, with their placeholders."""
    return _english()["services"]


def written() -> dict[str, str]:
    """What the templates say."""
    return _english()["pages"]


def script_words(lang: Language) -> dict[str, str]:
    """What the scripts say, keyed by the Chinese sentence; empty in Chinese."""
    return {} if lang == "zh" else _english()["scripts"]


def speaker(lang: Language, otherwise: Callable[[str], str] = str) -> Say:
    """`_` of the templates: translates, then fills `{placeholders}`, escaping plain text.

    `otherwise` says what stands in no page's list of words.
    """

    def say(sentence: str, /, **values: object) -> Markup:
        text = translated(str(sentence), lang)
        if text == sentence and lang == "en" and not values:
            text = otherwise(text)
        return Markup(text).format(**values) if values else Markup.escape(text)

    return say
