"""The columns that staff lists have, and the words for posts."""

import re

from services.enrollment.sheets import values
from services.enrollment.sheets.columns import (
    FROM_DATE,
    NAME,
    PHONE_HEADINGS,
    SCHOOL_CODE,
    SCHOOL_NAME,
    SEX,
    TERM,
    TOWNSHIP,
    named,
    read_class_text,
)
from services.enrollment.sheets.heading import Column
from services.enrollment.sheets.values import read_citizen_number

STAFF_NAME = Column(
    field="name",
    label="姓名",
    headings=NAME.headings
    | named("教师姓名 教职工姓名 老师姓名 教师 教职工 职工姓名 人员姓名 老师 jsxm"),
    pattern=re.compile("^(教师|教职工|职工|老师|人员)?姓名.{0,4}$"),
    read=values.read_name,
    personal=True,
)


STAFF_NUMBER = Column(
    field="staff_number",
    label="工号",
    headings=named("工号 教工号 教职工号 教师编号 职工号 人员编号 教职工编号 教师工号 编号 jgh gh"),
    read=values.read_staff_number,
    personal=True,
)


STAFF_ID = Column(
    field="id_number",
    label="身份证件号",
    headings=named(
        "身份证件号 身份证件号码 身份证号 身份证号码 身份证 公民身份号码 证件号 证件号码"
        " 居民身份证号 sfzjh sfzh"
    ),
    pattern=re.compile("(身份证|公民身份|证件)件?(号|编号)"),
    read=read_citizen_number,
    personal=True,
)


PHONE = Column(
    field="phone",
    label="手机",
    headings=named(PHONE_HEADINGS),
    pattern=re.compile("手机|电话"),
    read=values.read_phone,
    personal=True,
)


POST = Column(
    field="post",
    label="职务",
    headings=named(
        "职务 岗位 职位 担任职务 现任职务 行政职务 校内职务 角色 工作岗位 职务名称 职责 zw"
    ),
    read=values.read_text,
    repeats=True,
)


TEACHES = Column(
    field="teaches",
    label="任教班级",
    headings=named("任教班级 任课班级 所教班级 授课班级 教学班级 任教年级班级 任班 担任班级 rjbj"),
    pattern=re.compile("^(任教|任课|所教|授课)班级?"),
    read=read_class_text,
    repeats=True,
)


HOMEROOM = Column(
    field="homeroom",
    label="班主任班级",
    headings=named(
        "班主任班级 班主任 任班主任班级 担任班主任班级 所任班主任班级 班主任所在班级 所带班级"
        " 管理班级 bzrbj"
        " 是否班主任 带班"
    ),
    pattern=re.compile("班主任"),
    read=read_class_text,
    repeats=True,
    of_others=True,
)


COLUMNS = (
    STAFF_NAME, STAFF_NUMBER, STAFF_ID, PHONE, POST, TEACHES, HOMEROOM, SEX, FROM_DATE, TERM,
    SCHOOL_CODE, SCHOOL_NAME, TOWNSHIP,
)  # fmt: skip


ROLES: tuple[tuple[str, str], ...] = (
    ("副校长", "grade_leader"),
    ("校长助理", "grade_leader"),
    ("校长", "principal"),
    ("学籍", "registrar"),
    ("副班主任", "subject_teacher"),
    ("班主任", "homeroom_teacher"),
    # Who leads a part of a school sees its classes, verifies alerts and reminds, as the leader of
    # a grade does: 教导主任, 德育主任, 包级部领导, 班子成员.
    ("年级组", "grade_leader"),
    ("年级长", "grade_leader"),
    ("级部", "grade_leader"),
    ("包级", "grade_leader"),
    ("班子", "grade_leader"),
    ("总务", ""),
    ("后勤", ""),
    ("主任", "grade_leader"),
    ("任课", "subject_teacher"),
    ("科任", "subject_teacher"),
    ("专任", "subject_teacher"),
    ("教师", "subject_teacher"),
    ("老师", "subject_teacher"),
)
