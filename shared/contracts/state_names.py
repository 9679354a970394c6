"""Names of states and steps in Chinese and English; their codes are stable."""

STATE_NAMES: dict[str, dict[str, str]] = {
    "unflagged": {"zh": "没有预警", "en": "no alert"},
    "open": {"zh": "待核实", "en": "to be verified"},
    "verified": {"zh": "属实，已立案", "en": "verified, case opened"},
    "cleared": {"zh": "已排除", "en": "cleared"},
    "unopened": {"zh": "没有立案", "en": "no case"},
    "suspected": {"zh": "疑似辍学", "en": "suspected dropout"},
    "confirmed": {"zh": "辍学", "en": "dropout"},
    "tracing": {"zh": "去向不明", "en": "whereabouts unknown"},
    "observing": {"zh": "复学观察", "en": "back, under observation"},
    "closed": {"zh": "销号", "en": "closed"},
}

STEP_NAMES: dict[str, dict[str, str]] = {
    "assign": {"zh": "指定负责人", "en": "name an owner"},
    "report": {"zh": "上报", "en": "report"},
    "record_cause": {"zh": "写明原因", "en": "record the cause"},
    "heart_talk": {"zh": "谈心", "en": "heart talk"},
    "home_visit": {"zh": "家访", "en": "home visit"},
    "find": {"zh": "查清去向", "en": "find the child"},
    "persuade": {"zh": "劝返", "en": "persuade to return"},
    "return_notice": {"zh": "开返校通知书", "en": "issue a return notice"},
    "serve_notice": {"zh": "送达返校通知书", "en": "serve the return notice"},
    "review_attendance": {"zh": "看出勤更正", "en": "look at the corrected attendance"},
    "reinstate": {"zh": "登记复学", "en": "record the return"},
    "log_observations": {"zh": "记复学观察", "en": "log observations"},
    "finish_observation": {"zh": "等观察期满", "en": "wait for the end of observation"},
    "close": {"zh": "销号", "en": "close"},
}
