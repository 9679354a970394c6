"""Marks of a roll: what √ and 病 mean, what a legend says, what has to be asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from services.enrollment.sheets.cells import tight
from services.enrollment.sheets.parsed import Question, Refusal
from services.enrollment.sheets.reading import Reading


class Mark(Enum):
    """What a roll says of a child on a day. `UNMARKED`: the file says nothing, no mark is made."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    SICK = "sick"
    PERSONAL = "personal"
    LEAVE = "leave"
    UNEXCUSED = "unexcused"
    UNMARKED = "unmarked"


BLANK = "空白"
CHOICES = (
    ("present", "到校"),
    ("sick", "病假"),
    ("personal", "事假"),
    ("unexcused", "没来，没有请假"),
    ("late", "迟到（算到校）"),
    ("unmarked", "没有记录"),
)
BLANK_CHOICES = (CHOICES[0], CHOICES[-1])
SAME_SIGN = str.maketrans("✓✔☑✅✕✖✗✘╳☓×Ｘ◯〇Oo●◎▲△", "√√√√×××××××X○○OO●◎▲△")
KNOWN = {
    "√": Mark.PRESENT,
    "×": Mark.UNEXCUSED,
    "病": Mark.SICK,
    "事": Mark.PERSONAL,
    "旷": Mark.UNEXCUSED,
}
WORDS: tuple[tuple[str, Mark], ...] = (
    ("未到校", Mark.UNEXCUSED),
    ("没到校", Mark.UNEXCUSED),
    ("不到校", Mark.UNEXCUSED),
    ("未出勤", Mark.UNEXCUSED),
    ("无故", Mark.UNEXCUSED),
    ("旷", Mark.UNEXCUSED),
    ("缺勤", Mark.UNEXCUSED),
    ("缺课", Mark.UNEXCUSED),
    ("缺席", Mark.UNEXCUSED),
    ("未请假", Mark.UNEXCUSED),
    ("不明", Mark.UNEXCUSED),
    ("不知", Mark.UNEXCUSED),
    ("未知", Mark.UNEXCUSED),
    ("联系不上", Mark.UNEXCUSED),
    ("未到", Mark.UNEXCUSED),
    ("没来", Mark.UNEXCUSED),
    ("病", Mark.SICK),
    ("生病", Mark.SICK),
    ("住院", Mark.SICK),
    ("医院", Mark.SICK),
    ("感冒", Mark.SICK),
    ("发烧", Mark.SICK),
    ("发热", Mark.SICK),
    ("事假", Mark.PERSONAL),
    ("因事", Mark.PERSONAL),
    ("有事", Mark.PERSONAL),
    ("迟到", Mark.LATE),
    ("早退", Mark.LEFT_EARLY),
    ("请假", Mark.LEAVE),
    ("公假", Mark.LEAVE),
    ("丧假", Mark.LEAVE),
    ("出勤", Mark.PRESENT),
    ("到校", Mark.PRESENT),
    ("在校", Mark.PRESENT),
    ("到课", Mark.PRESENT),
    ("正常", Mark.PRESENT),
    ("全勤", Mark.PRESENT),
    ("出席", Mark.PRESENT),
    ("实到", Mark.PRESENT),
    ("已到", Mark.PRESENT),
)
EXACT = {"事": Mark.PERSONAL, "到": Mark.PRESENT, "假": Mark.LEAVE, "无记录": Mark.UNMARKED}
WORD = "|".join(sorted((w for w, _ in WORDS), key=len, reverse=True))
HARD = (
    r"[^\s\w、，,。；;：:=（()）—\-/|\"“”]|(?<![A-Za-z0-9])[A-Za-z0-9](?![A-Za-z0-9])"
    "|空白|空格|不填"
)
SOFT = "[病事旷假迟早缺到]"
LINK = r"\s*(?:[=：:\-—–]+|表示|代表|为|是|即|打|画)?\s*"
SIGN_FIRST = re.compile(
    rf"({HARD}|{SOFT}(?={SOFT}|\s*[=：:—-])){LINK}[“\"(（]?([\u4e00-\u9fff]{{1,8}})"
)
WORD_FIRST = re.compile(
    rf"([\u4e00-\u9fff]{{2,8}})(?:{LINK}[“\"(（]?\s*({HARD})|\s*[=：:—-]\s*({SOFT})(?![假课到退]))"
)
LEGEND_SIGN = re.compile("图例|说明|符号|标记|注[:：]|备注|代表|表示|记号|考勤符")


def word_meaning(text: str) -> Mark | None:
    """The mark that a word stands for; None for words that are not known."""
    text = tight(text)
    if text in EXACT:
        return EXACT[text]
    return next((mark for word, mark in WORDS if word in text), None)


@dataclass(slots=True)
class Legend:
    """What marks mean in one sheet. `stated` comes from the file, `settled` from a person."""

    stated: dict[str, Mark] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)

    def meaning(self, text: str, reading: Reading) -> Mark | None:
        """The mark; None once it has been asked for. The file's legend goes before the usual."""
        sign = sign_of(text)
        answer = settled(reading, sign)
        if answer:
            return answer
        if sign in self.stated:
            return self.stated[sign]
        if sign in KNOWN and sign not in self.unclear:
            return KNOWN[sign]
        if len(sign) > 1 and sign not in self.unclear:
            found = word_meaning(sign)
            if found:
                return found
        reading.ask(question(sign, self.unclear.get(sign, "")))
        return None

    def plain_word(self, text: str, reading: Reading) -> Mark | None:
        """到 and 假 are words where each row has a mark of its own; in a grid they are signs."""
        sign = sign_of(text)
        told = sign in self.stated or sign in self.unclear or settled(reading, sign)
        return None if told else EXACT.get(sign)


def sign_of(text: str) -> str:
    """A mark in one spelling: ✓ is √, ✗ is ×."""
    return tight(text).translate(SAME_SIGN)


def settled(reading: Reading, sign: str) -> Mark | None:
    """What a person answered: `legend:○` = sick, or `legend` = ○=病假,△=事假."""
    answer = reading.options.get(f"legend:{sign}")
    if not answer:
        pairs = re.findall(
            r"([^\s=,，;；]+)\s*=\s*([^\s=,，;；]+)", reading.options.get("legend") or ""
        )
        answer = next((v for k, v in pairs if sign_of(k) == sign), None)
    if not answer:
        return None
    known = {m.value: m for m in Mark} | {label: Mark(key) for key, label in CHOICES}
    return known.get(answer) or KNOWN.get(answer) or word_meaning(answer)


def question(sign: str, said: str = "") -> Question:
    text = f"“{sign}”是什么意思？" + (f"图例写的是“{said}”。" if said else "")
    if sign == BLANK:
        text = "点过名的日子里有空着的格，是到校还是没有记录？"
    choices = BLANK_CHOICES if sign == BLANK else CHOICES
    hint = f"{sign}={choices[0][1]}"
    id_ = f"legend:{sign}"
    return Question(id=id_, text=text, option=id_, choices=choices, hint=hint)


def asked(sign: str) -> Refusal:
    return Refusal(
        "mark_unknown", f"“{sign}”没有图例，不知道是什么意思", "回答上面的问题，或在表里写明图例"
    )


def read_legend(texts: Iterable[str]) -> Legend:
    """The legend that title and footer texts hold, such as 图例：√出勤 ○病假 or 出勤√ 病假○."""
    legend = Legend()
    for text in texts:
        _read_line(text, legend)
    return legend


def _known(pairs: list[tuple[str, str]]) -> int:
    return sum(word_meaning(word) is not None for _, word in pairs)


def _read_line(text: str, legend: Legend) -> None:
    is_legend = "=" in text or LEGEND_SIGN.search(text) is not None
    begin = LEGEND_SIGN.search(text)
    text = text[begin.start() :] if begin and "图例" in begin[0] else text
    text = LEGEND_SIGN.sub(" ", text.translate(SAME_SIGN))
    first = [(s, w) for s, w in SIGN_FIRST.findall(text)]
    second = [(h or s, w) for w, h, s in WORD_FIRST.findall(text)]
    # Read the wrong way round one pair is lost, at the beginning or at the end.
    known_first, known_second = _known(first), _known(second)
    begins = re.search(rf"{HARD}|[\u4e00-\u9fff]", text)
    leads = bool(begins and (SIGN_FIRST.match(text, begins.start()) is not None))
    sign_first = known_first > known_second or (known_first == known_second and leads)
    pairs = first if sign_first else second
    for sign, word in pairs:
        sign = BLANK if sign in ("空白", "空格", "不填") else sign_of(sign)
        meaning = word_meaning(word)
        if meaning:
            legend.stated.setdefault(sign, meaning)
        elif is_legend and not sign.isdigit():
            legend.unclear.setdefault(sign, word)
