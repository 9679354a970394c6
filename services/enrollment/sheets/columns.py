"""The names that columns have: of the national registry form, its item codes, usual variants."""

import re
from collections.abc import Callable
from datetime import date

from services.enrollment.sheets import codes, values
from services.enrollment.sheets.cells import Cell
from services.enrollment.sheets.dates import read_month
from services.enrollment.sheets.group_column import GROUPS
from services.enrollment.sheets.heading import Column, heading_key
from services.enrollment.sheets.parsed import Refusal
from services.enrollment.sheets.values import plain
from services.enrollment.sheets.village_column import VILLAGE


def named(text: str) -> frozenset[str]:
    """Headings given in one string, as the finder compares them."""
    return frozenset(heading_key(t) for t in text.split())


def in_words(read: Callable[[str], object]) -> Callable[[Cell], object]:
    """A reader of clean text as a reader of cells."""

    def convert(cell: Cell) -> object:
        return read(plain(cell))

    return convert


def read_class_text(cell: Cell) -> str | None:
    """Text of a grade or class; a spreadsheet makes a day of 8-3, which is refused."""
    if isinstance(cell, date):
        raise Refusal(
            "class_became_date", "表格把班级变成了日期", "把这一列设为“文本”，重新输入班级"
        )
    return plain(cell) or None


NAME = Column(
    field="name",
    label="姓名",
    headings=named("姓名 学生姓名 名字 学生名字 学生 儿童姓名 孩子姓名 xm xsxm name 学员姓名"),
    pattern=re.compile("^(学生|儿童|幼儿)?姓名.{0,4}$"),
    read=values.read_name,
    personal=True,
)
SEX = Column(
    field="sex",
    label="性别",
    headings=named("性别 性别码 性别代码 xb xbm sex gender 学生性别"),
    read=in_words(codes.read_sex),
    repeats=True,
)


BIRTH_DATE = Column(
    field="birth_date",
    label="出生日期",
    headings=named("出生日期 出生年月日 出生年月 生日 出生时间 出生日 出生 csrq csny birthday"),
    pattern=re.compile("^(学生)?出生(日期|年月|时间)"),
    read=read_month,
    dated=True,
    repeats=True,
    months=frozenset(("出生年月", "csny")),
)
ID_TYPE = Column(
    field="id_type",
    label="身份证件类型",
    headings=named(
        "身份证件类型 证件类型 身份证类型 身份证件种类 证件种类 身份证件类型码 身份证件类别"
        " 证件类别"
        " sfzjlx sfzjlxm zjlx"
    ),
    read=in_words(codes.read_document),
    repeats=True,
)
ID_NUMBER = Column(
    field="id_number",
    label="身份证件号",
    headings=named(
        "身份证件号 身份证件号码 身份证号 身份证号码 身份证 公民身份号码 公民身份证号码"
        " 公民身份证号"
        " 证件号 证件号码 居民身份证号 居民身份证号码 居民身份证 学生身份证号 学生身份证号码"
        " 学生身份证 身份号码 身份证件编号 sfzjh sfzh sfzhm gmsfhm"
    ),
    pattern=re.compile("(身份证|公民身份|证件)件?(号|编号)"),
    read=values.number_text,
    personal=True,
)
STUDENT_NUMBER = Column(
    field="student_number",
    label="全国学籍号",
    headings=named(
        "全国学籍号 学籍号 学籍号码 学籍编号 全国学籍编号 全国学籍号码 国家学籍号 国网学籍号"
        " 学生学籍号"
        " 全国统一学籍号 个人标识码 学生标识码 学籍主号 xjh qgxjh grbsm grbsbm"
    ),
    pattern=re.compile("学籍(主)?号|个人标识码"),
    read=values.read_student_number,
    personal=True,
)
ETHNIC = Column(
    field="ethnic",
    label="民族",
    headings=named("民族 民族码 民族代码 民族名称 mz mzm 族别"),
    read=in_words(codes.read_ethnic),
    repeats=True,
)
GRADE = Column(
    field="grade",
    label="年级",
    headings=named(
        "年级 年级名称 所在年级 就读年级 现年级 当前年级 所在年级名称 年级码 nj njmc njdm 级"
    ),
    pattern=re.compile("^(现在?|所在|就读|当前)?(就读)?年级(名称)?$"),
    read=read_class_text,
    repeats=True,
)
CLASS = Column(
    field="class",
    label="班级",
    headings=named(
        "班级 班 班级名称 所在班级 就读班级 班号 班别 年级班级 年级班 年班 现班级 当前班级 所在班"
        " 班次"
        " 班级号 班级编号 行政班 bj bjmc bh"
    ),
    pattern=re.compile("^(现在?|所在|就读|当前)?(就读)?(年级)?[/和与]?班级?(名称)?$"),
    read=read_class_text,
    repeats=True,
)
SCHOOL_CODE = Column(
    field="school_code",
    label="学校标识码",
    headings=named(
        "学校标识码 学校机构标识码 学校（机构）标识码 机构标识码 学校代码 学校编码 学校编号 学校码"
        " 就读学校标识码 学校标识代码 学校识别码 标识码 xxbsm xxdm xxjgbsm"
    ),
    pattern=re.compile("学校.{0,4}(标识码|识别码|代码|编码)"),
    read=values.read_school_code,
    repeats=True,
)
SCHOOL_NAME = Column(
    field="school_name",
    label="学校名称",
    headings=named(
        "学校名称 学校 就读学校 所在学校 校名 学校全称 就读学校名称 所在学校名称 现就读学校 单位"
        " 单位名称"
        " 工作单位 所在单位 任教学校 xxmc xx"
    ),
    pattern=re.compile("^(现)?(就读|所在|任教)?学校(名称|全称)?$"),
    read=values.read_text,
    repeats=True,
)
TOWNSHIP = Column(
    field="township",
    label="所属乡镇",
    headings=named(
        "乡镇 所属乡镇 乡镇名称 乡镇街道 乡（镇） 乡（镇、街道） 所属乡镇街道 所属街道"
        " 学校所属乡镇 学校所在乡镇 ssxz xzmc"
    ),
    read=values.read_text,
    repeats=True,
)
PHONE_HEADINGS = (
    "联系电话 电话 电话号码 手机 手机号 手机号码 联系方式 联系手机 移动电话 lxdh dh sjh sj"
)
TERM = Column(
    field="term",
    label="学期",
    headings=named("学期 学年学期 学期名称 所属学期 学年 xq xnxq"),
    read=values.read_text,
    repeats=True,
)
FROM_DATE = Column(
    field="from_date",
    label="起始日期",
    headings=named(
        "起始日期 开始日期 就读起始日期 在校起始日期 在班起始日期 转入日期 转入时间 报到日期"
        " 到校日期 入班日期"
        " 入读日期 入学日期 任职日期 任职起始日期 任教起始日期 到任日期 起始时间 开始时间"
        " 入职日期 qsrq"
    ),
    read=values.read_text,
    dated=True,
    repeats=True,
)


def roster_columns() -> tuple[Column, ...]:
    """Columns of a roster of children."""
    return (
        NAME, SEX, BIRTH_DATE, ID_TYPE, ID_NUMBER, STUDENT_NUMBER, ETHNIC, GRADE, CLASS,
        SCHOOL_CODE, SCHOOL_NAME, TOWNSHIP, TERM, FROM_DATE, *_family(), *_tags(), GROUPS,
        VILLAGE,
    )  # fmt: skip


def _family() -> tuple[Column, ...]:
    return (
        _personal(
            "hukou",
            "户口所在地",
            "户口所在地 户籍所在地 户籍地址 户籍地 户口所在地址 户口地址 户籍 户口所在地行政区划"
            " 户口所在地区"
            " 户籍住址 户口 hkszd hjdz hkszdxzqhm",
        ),
        _personal(
            "address",
            "现住址",
            "现住址 家庭住址 家庭地址 住址 现居住地 现居住地址 常住地址 居住地址 现住地址"
            " 现家庭住址 通信地址"
            " 居住地 家庭详细地址 xzz jtzz jtdz xjzd",
        ),
        _personal(
            "guardian",
            "监护人",
            "监护人 监护人姓名 家长姓名 家长 家庭成员或监护人姓名 家庭成员或监护人1姓名"
            " 监护人1姓名 成员1姓名"
            " 第一监护人 第一监护人姓名 法定监护人 法定监护人姓名 家庭成员姓名 家庭成员1姓名"
            " 家长名字 父母姓名"
            " 联系人 联系人姓名 jhr jhrxm jzxm 监护人1 父亲姓名 监护人监护人姓名 家长家长姓名",
            of_others=True,
        ),
        _personal(
            "guardian_relation",
            "与监护人关系",
            "关系 与学生关系 监护人关系 与监护人关系 与学生的关系 监护人与学生关系"
            " 家庭成员或监护人关系"
            " 家庭成员或监护人1关系 家长关系 成员1关系 称谓 gx jhrgx",
            of_others=True,
        ),
        Column(
            field="phone",
            label="联系电话",
            headings=named(
                PHONE_HEADINGS
                + " 监护人电话 监护人联系电话 监护人手机 监护人手机号 监护人手机号码 家长电话"
                " 家长手机 家长手机号 家长手机号码 家长联系电话 家长联系方式 家庭电话"
                " 监护人联系方式 父母电话"
                " 家庭成员或监护人联系电话 家庭成员或监护人1联系电话 成员1联系电话 监护人1联系电话"
                " 联系人电话 父亲电话 父亲联系电话 监护人1电话 学生联系电话"
            ),
            pattern=re.compile("^(监护人|家长|第一监护人|家庭)1?(联系)?(电话|手机)"),
            read=values.read_phone,
            personal=True,
            of_others=True,
        ),
    )


def _personal(field: str, label: str, names: str, of_others: bool = False) -> Column:
    return Column(
        field=field,
        label=label,
        headings=named(names),
        read=values.read_text,
        personal=True,
        of_others=of_others,
    )


def _tags() -> tuple[Column, ...]:
    return (
        _coded(
            "left_behind", "是否留守儿童",
            "是否留守儿童 留守儿童 是否留守 留守 留守情况 留守类型 sflset",
            "留守", codes.read_left_behind,
        ),
        _coded(
            "migrant", "是否随迁子女",
            "是否随迁子女 随迁子女 是否进城务工人员随迁子女 进城务工人员随迁子女 是否随迁 随迁"
            " sfsqzn",
            "随迁", codes.read_flag,
        ),
        _coded("orphan", "是否孤儿", "是否孤儿 孤儿 sfge", "^(是否)?孤儿", codes.read_flag),
        _coded(
            "disability", "残疾类型",
            "残疾类型 残疾类别 残疾种类 残疾情况 残疾 残疾类型码 是否残疾 cjlx cjlxm",
            "残疾(类型|类别|种类)", codes.read_disability,
        ),
        _coded(
            "boarding", "就读方式",
            "就读方式 就读方式码 是否住校 是否寄宿 是否寄宿生 是否住校生 住宿情况 jdfs jdfsm",
            "^是否(住校|寄宿)", codes.read_boarding,
        ),
    )  # fmt: skip


def _coded(
    field: str, label: str, names: str, pattern: str, read: Callable[[str], object]
) -> Column:
    return Column(
        field=field,
        label=label,
        headings=named(names),
        pattern=re.compile(pattern),
        read=in_words(read),
        repeats=True,
    )
