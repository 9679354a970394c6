"""The column of a roster that names the village of a child's household."""

from services.enrollment.sheets.heading import Column, heading_key
from services.enrollment.sheets.values import read_text

NAMES = (
    "村", "所在村", "行政村", "村社区", "村（社区）", "所属村", "所属行政村", "户籍村", "居住村",
    "所在村社区", "所在行政村", "村名", "村委会", "村居", "村（居）", "szc", "xzc",
)  # fmt: skip

VILLAGE = Column(
    field="village",
    label="所在村",
    headings=frozenset(heading_key(name) for name in NAMES),
    read=read_text,
    repeats=True,
)
