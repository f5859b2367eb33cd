"""What the uptime report's file says, in both languages."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gascore.words import Language, Protection


class UptimeWords(msgspec.Struct, frozen=True):
    """Headings, and the lines below the rows; `{…}` are filled in by the report."""

    area: str
    site: str
    name: str
    detector: str
    detectors: str
    total_s: str
    effective: str
    online: str
    effective_business: str
    online_business: str
    begins: str
    ends: str
    sum: str
    states: Mapping[Protection, str]
    period: str
    until: str
    zone: str
    hours: str
    all_hours: str
    business_hours: str
    made: str
    basis: str
    entry: str
    definition: str
    definitions: tuple[str, ...]


_ZH: Final = UptimeWords(
    area="区域",
    site="场所编号",
    name="场所名称",
    detector="探测器",
    detectors="探测器数",
    total_s="合计（秒）",
    effective="有效监护率（%）",
    online="在线率（%）",
    effective_business="营业时段有效监护率（%）",
    online_business="营业时段在线率（%）",
    begins="起",
    ends="止（不含）",
    sum="合计",
    states={
        Protection.NOT_REQUIRED: "无需监护（秒）",
        Protection.UNMONITORED: "平台不可用（秒）",
        Protection.OFFLINE: "离线（秒）",
        Protection.MAINTENANCE: "检修（秒）",
        Protection.FAULT: "故障（秒）",
        Protection.WARMING_UP: "预热（秒）",
        Protection.UNFIT: "不适用（秒）",
        Protection.PROTECTED: "有效监护（秒）",
    },
    period="期间（不含终点）",
    until="统计至",
    zone="时区",
    hours="秒数所属时段",
    all_hours="全天 24 小时",
    business_hours="营业时段，前后各延长 {minutes:g} 分钟",
    made="制表时间",
    basis="依据",
    entry="事件日志，截至第 {id} 条",
    definition="口径",
    definitions=(
        "有效监护率 = 有效监护 / (合计 - 无需监护 - 平台不可用)",
        "在线率 = (合计 - 无需监护 - 平台不可用 - 离线) / (合计 - 无需监护 - 平台不可用)",
        "每一秒只计入一种状态，排在前面的列优先",
        "不适用：气型不符、位置不当、超过使用年限或未按期检定；报警中计为有效监护",
        "无可统计时间的场所不计算比率",
    ),
)
_EN: Final = UptimeWords(
    area="Area",
    site="Site",
    name="Name",
    detector="Detector",
    detectors="Detectors",
    total_s="Total (s)",
    effective="Effective protection (%)",
    online="Online rate (%)",
    effective_business="Effective protection, business hours (%)",
    online_business="Online rate, business hours (%)",
    begins="From",
    ends="To (not included)",
    sum="Total",
    states={
        Protection.NOT_REQUIRED: "Not required (s)",
        Protection.UNMONITORED: "Unmonitored (s)",
        Protection.OFFLINE: "Offline (s)",
        Protection.MAINTENANCE: "Maintenance (s)",
        Protection.FAULT: "Fault (s)",
        Protection.WARMING_UP: "Warming up (s)",
        Protection.UNFIT: "Unfit (s)",
        Protection.PROTECTED: "Protected (s)",
    },
    period="Period (end not included)",
    until="Counted until",
    zone="Time zone",
    hours="Hours that the seconds are of",
    all_hours="24 hours",
    business_hours="Business hours, {minutes:g} minutes longer on both sides",
    made="Made",
    basis="Basis",
    entry="Event journal up to entry {id}",
    definition="Definition",
    definitions=(
        "Effective protection = protected / (total - not required - unmonitored)",
        "Online rate = (total - not required - unmonitored - offline) / (total - not required - unmonitored)",
        "Each second counts in one state, the first column that applies",
        "Unfit: wrong gas, wrong position, past life or verification; in alarm counts as protected",
        "Where there is nothing to judge there is no rate",
    ),
)
UPTIME_WORDS: Final[Mapping[Language, UptimeWords]] = {Language.ZH: _ZH, Language.EN: _EN}
