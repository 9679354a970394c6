"""Names of people who do not exist, in the styles of several peoples, from syllable tables."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

MIDDLE_DOT = "·"
MALE, FEMALE = "1", "2"

SURNAMES = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛阎段雷侯龙史陶黎贺顾毛郝"
)
LONG_SURNAMES = ("欧阳", "上官", "诸葛", "司马", "皇甫", "尉迟")
FIRST_BOY = tuple("志明建文国永俊子浩宇天泽晓春德学嘉梓宏远立成家振兴福")
LAST_BOY = tuple("强军伟杰涛勇辉鹏飞林峰龙波斌磊亮刚平华民生东海洋阳山川")
FIRST_GIRL = tuple("小晓玉春雪梦佳雨思欣婉秋月诗若慧明文静美嘉梓紫桂彩")
LAST_GIRL = tuple("芳燕丽娟敏霞红梅玲芬萍英兰莲琴云洁婷颖怡蓉菊香琳花珍")
YI_CLANS = ("阿木", "吉克", "沙马", "曲木", "马海", "阿尔", "勒格", "尔古", "贾巴", "金古")
YI_GIVEN = ("日哈", "布且", "伍牛", "拉且", "史布", "古哈", "木果", "阿依", "伍加", "石一", "尔洛")
YI_GIRL = ("阿呷", "伍合", "石作", "小作", "日作", "木牛", "妞妞", "阿果", "史洛", "拉洛")
TIBETAN = (
    *("扎西", "多吉", "尼玛", "达瓦", "洛桑", "丹增", "次仁", "平措", "巴桑", "格桑", "索南"),
    *("旺堆", "贡布", "顿珠", "仁增", "边巴"),
)
TIBETAN_GIRL = ("卓玛", "央金", "拉姆", "白玛", "曲珍", "德吉", "梅朵", "措姆")
UYGHUR_FIRST = ("艾", "吐", "买", "阿", "努", "热", "玉", "图", "库", "帕", "依", "塔")
UYGHUR_MIDDLE = ("合", "尔", "米", "斯", "布", "力", "依", "拉", "克", "苏")
UYGHUR_BOY = ("提江", "买提", "尔洪", "力江", "克木", "尼亚孜", "力甫", "山江")
UYGHUR_GIRL = ("古丽", "木汗", "罕姆", "依木", "夏提", "耶提")
MONGOL = ("巴特", "苏和", "那日", "乌云", "哈斯", "朝鲁", "吉日", "牧仁", "阿拉", "萨如", "敖登")
MONGOL_BOY = ("尔", "格勒", "苏", "嘎拉", "巴图", "图")
MONGOL_GIRL = ("其木格", "高娃", "托娅", "琪琪格", "花", "娜")


@dataclass(frozen=True, slots=True)
class Style:
    """`ethnic`: code of GB/T 3304; `share`: how many of a thousand people."""

    ethnic: str
    share: int
    make: Callable[[Random, str, str], str]


def han(rng: Random, sex: str, family: str) -> str:
    first, last = (FIRST_BOY, LAST_BOY) if sex == MALE else (FIRST_GIRL, LAST_GIRL)
    given = rng.choice(last) if rng.random() < 0.15 else rng.choice(first) + rng.choice(last)
    return family + given


def yi(rng: Random, sex: str, family: str) -> str:
    clan = YI_CLANS[hash_of(family, len(YI_CLANS))]
    given = rng.choice(YI_GIVEN if sex == MALE else YI_GIRL)
    return clan + (MIDDLE_DOT if rng.random() < 0.5 else "") + given


def tibetan(rng: Random, sex: str, _family: str) -> str:
    return rng.choice(TIBETAN) + rng.choice(TIBETAN if sex == MALE else TIBETAN_GIRL)


def uyghur(rng: Random, sex: str, family: str) -> str:
    """A given name and, behind the middle dot, the father's."""
    father = Random(family)
    return uyghur_given(rng, sex) + MIDDLE_DOT + uyghur_given(father, MALE)


def uyghur_given(rng: Random, sex: str) -> str:
    last = rng.choice(UYGHUR_BOY if sex == MALE else UYGHUR_GIRL)
    return rng.choice(UYGHUR_FIRST) + rng.choice(UYGHUR_MIDDLE) + last


def mongol(rng: Random, sex: str, _family: str) -> str:
    return rng.choice(MONGOL) + rng.choice(MONGOL_BOY if sex == MALE else MONGOL_GIRL)


def hash_of(text: str, below: int) -> int:
    """The same number for the same text in every run, which `hash` is not."""
    return sum(ord(character) for character in text) % below


STYLES = (
    Style("01", 700, han),
    Style("03", 60, han),
    Style("07", 110, yi),
    Style("04", 45, tibetan),
    Style("05", 40, uyghur),
    Style("02", 45, mongol),
)


def style(rng: Random) -> Style:
    return rng.choices(STYLES, [one.share for one in STYLES])[0]


def surname(rng: Random) -> str:
    return rng.choice(LONG_SURNAMES) if rng.random() < 0.01 else rng.choice(SURNAMES)


def staff_name(rng: Random) -> tuple[str, str]:
    """A name and its sex."""
    sex = rng.choice((MALE, FEMALE))
    return han(rng, sex, surname(rng)), sex
