"""One line about each event of duties, responsibilities and activities, in both languages."""

DUTY_SENTENCES: dict[str, tuple[str, str]] = {
    "DutyArmed": ("任务：{kind}，{due_at} 前", "Duty: {kind}, by {due_at}"),
    "DutyAdvanced": ("任务进展：第 {got} 次，{at}", "Duty: done {got} times so far, {at}"),
    "DutySatisfied": ("任务办结，{at}", "Duty done, {at}"),
    "DutySatisfied/late": ("任务办结，迟了，{at}", "Duty done late, {at}"),
    "DutyBreached": ("任务超期：{due_at} 前没有办", "Duty overdue: not done by {due_at}"),
    "DutyEscalated": (
        "超期上报，第 {step_nth} 级：{role}",
        "Overdue duty told at level {step_nth}: {role}",
    ),
    "DutyReplanned": ("任务改期：{was} → {due_at}", "Duty replanned: {was} → {due_at}"),
    "DutyCancelled": ("任务撤销：{reason}", "Duty cancelled: {reason}"),
    "EvidenceFiled": ("提交办理情况：{kind}，{done_on}", "Evidence filed: {kind}, {done_on}"),
    "ResponsibilityAssigned": (
        "明确责任：{scheme}，{tier}，{since} 起",
        "Responsibility: {scheme}, {tier}, from {since}",
    ),
    "ResponsibilityEnded": (
        "责任终止：{scheme}，{tier}，{on}",
        "Responsibility ended: {scheme}, {tier}, {on}",
    ),
    "LeadingGroupFormed": ("成立{name}，{on}", "{name} formed, {on}"),
    "LeadingGroupMemberAppointed": ("任命：{post}，{since} 起", "Appointed: {post}, from {since}"),
    "LeadingGroupMemberRemoved": ("免去：{post}，{on}", "Removed: {post}, {on}"),
    "MeetingHeld": ("开会：{kind}，到会 {attended_n} 人", "{kind}: {attended_n} attended"),
    "TrainingHeld": ("培训：{topic}，{attended_n} 人", "Training: {topic}, {attended_n} attended"),
    "SelfCheckSubmitted": (
        "自查：{month}，问题 {problems} 个",
        "Self-check {month}: {problems} faults",
    ),
    "WorkPlanSubmitted": ("提交工作方案：{title}", "Work plan submitted: {title}"),
    "PublicityPlanSubmitted": ("提交宣传方案：{title}", "Publicity plan submitted: {title}"),
    "DutyMatrixAdopted": ("明确部门职责：{duties}", "Duties of departments: {duties}"),
    "PublicityLogged": ("宣传：{place}，{reached} 人", "Publicity: {place}, {reached} people"),
    "SupportRecordReviewed": (
        "检查帮扶记录：{sample_n} 份",
        "Support reviewed: {sample_n} records",
    ),
    "FollowUpSurveyLogged": ("跟踪调查：第 {ordinal} 次", "Follow-up survey no. {ordinal}"),
    "VillageCheckLogged": ("村委走访：{children_n} 名学生", "Village check: {children_n} children"),
    "TargetSet": ("下达目标：{metric} {value}", "Target set: {metric} {value}"),
    "PolicyDocumentPublished": ("发布制度：{title}（{version}）", "Published: {title} ({version})"),
    "EveningCallLogged": ("请假当晚电话：{disposition}", "Evening call: {disposition}"),
    "ChildVisited": ("走访：{outcome}", "Visit: {outcome}"),
    "DifficultyRecorded": ("登记困难：{kind}", "Difficulty: {kind}"),
    "CaseEscalated": ("提请上级：{level}", "Referred upwards: {level}"),
}
