"""The words that texts are put together from, in both languages. Each piece brings its own separator."""

from collections.abc import Mapping
from typing import Final

from gascore.alarm import AlarmKind, NoticePurpose
from gascore.words import Language, Level, RoomKind

SIGNATURE: Final[Mapping[Language, str]] = {Language.ZH: "【燃气监管】", Language.EN: "GASWATCH "}
NAME_LENGTH: Final[Mapping[Language, int]] = {Language.ZH: 8, Language.EN: 14}
"""The longest name in a text, characters (gascore.registry.Site); a longer one is cut."""

ROOMS: Final[Mapping[Language, Mapping[RoomKind, str]]] = {
    Language.ZH: {
        RoomKind.KITCHEN: "厨房",
        RoomKind.DINING_AREA: "餐厅",
        RoomKind.CYLINDER_ROOM: "气瓶间",
        RoomKind.BOILER_ROOM: "锅炉房",
        RoomKind.OTHER: "",
    },
    Language.EN: {
        RoomKind.KITCHEN: " kitchen",
        RoomKind.DINING_AREA: " dining",
        RoomKind.CYLINDER_ROOM: " cylinders",
        RoomKind.BOILER_ROOM: " boiler",
        RoomKind.OTHER: "",
    },
}
KINDS: Final[Mapping[Language, Mapping[AlarmKind, str]]] = {
    Language.ZH: {
        AlarmKind.LEAK: "燃气泄漏",
        AlarmKind.FAULT: "探测器故障",
        AlarmKind.OFFLINE: "探测器离线",
        AlarmKind.NEVER_REPORTED: "探测器未上线",
        AlarmKind.WRONG_GAS: "探测器气种不符",
        AlarmKind.TREND: "燃气预警",
        AlarmKind.UNKNOWN_LEAK: "未登记探测器报漏",
        AlarmKind.BLIND: "监测中断",
        AlarmKind.TROUBLE: "异常",
        AlarmKind.OUTAGE: "成片离线",
        AlarmKind.UNSTABLE: "探测器时断时续",
    },
    Language.EN: {
        AlarmKind.LEAK: "GAS LEAK",
        AlarmKind.FAULT: "Detector fault",
        AlarmKind.OFFLINE: "Detector lost",
        AlarmKind.NEVER_REPORTED: "No detector",
        AlarmKind.WRONG_GAS: "Wrong detector",
        AlarmKind.TREND: "Some gas",
        AlarmKind.UNKNOWN_LEAK: "LEAK, unlisted",
        AlarmKind.BLIND: "Monitoring down",
        AlarmKind.TROUBLE: "Trouble with",
        AlarmKind.OUTAGE: "Mass outage",
        AlarmKind.UNSTABLE: "Unstable link",
    },
}
OURS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.ZH: {"link": "消息链路", "collector": "数据采集", "store": "数据存储", "alerts": "报警通知"},
    Language.EN: {"link": "broker link", "collector": "collector", "store": "store", "alerts": "alerts"},
}
"""What of ours an alarm of the kind `BLIND` is about, by the scope in its key ("system:{scope}:{name}")."""
TROUBLES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.ZH: {
        "broker_drops": "消息服务器",
        "sequence_gaps": "消息完整性",
        "series": "时序数据库",
        "series_spool": "读数缓存空间",
        "series_lost": "读数保存",
        "series_dead_letters": "读数入库",
        "series_read": "读数查询",
        "audit": "报警自查",
        "heartbeat": "外部心跳",
        "canary": "演练报警",
        "contacts": "联系人手机",
        "roster": "值班安排",
        "target": "通知对象",
    },
    Language.EN: {
        "broker_drops": "broker",
        "sequence_gaps": "missing msgs",
        "series": "readings DB",
        "series_spool": "readings disk",
        "series_lost": "lost readings",
        "series_dead_letters": "bad readings",
        "series_read": "curves",
        "audit": "alarm desk",
        "heartbeat": "heartbeat",
        "canary": "test leak",
        "contacts": "contacts",
        "roster": "duty roster",
        "target": "whom to tell",
    },
}
"""What an alarm of the kind `TROUBLE` is about, by the first word of its name ("system:trouble:{name}"); no longer than
`NAME_LENGTH`."""
CONTACT_TEST: Final[Mapping[Language, str]] = {
    Language.ZH: "【燃气监管】通讯测试:泄漏报警会发到本机。无需回复",
    Language.EN: "GASWATCH test: leak alarms go to this phone. No reply needed.",
}
"""Proves that a phone can be reached; nothing in it may be taken for an alarm."""
CONTACT_CALL: Final[Mapping[Language, str]] = {
    Language.ZH: "燃气监管通讯测试:泄漏报警会打到本机。请按1确认。",
    Language.EN: "Gaswatch test: leak alarms come to this telephone. Please press 1 to confirm.",
}
"""The same as a call, of a line that takes no texts."""
PLATFORM: Final[Mapping[Language, str]] = {Language.ZH: "监测平台", Language.EN: "the platform"}
"""What stands for a trouble that has no word of its own."""
GATEWAY: Final[Mapping[Language, str]] = {Language.ZH: "网关{}", Language.EN: "gateway {}"}
"""A gateway has no name; the end of an id tells more than its beginning."""
LEVELS: Final[Mapping[Language, Mapping[Level, str]]] = {
    Language.ZH: {Level.NONE: "", Level.LOW: "低限", Level.HIGH: "高限"},
    Language.EN: {Level.NONE: "", Level.LOW: " LOW", Level.HIGH: " HIGH"},
}
CALL: Final = "119"
"""Whom to call from outside where no other number is set: the fire brigade of mainland China, nationwide."""
CALL_LENGTH: Final = 5
"""The longest number to call for which there is room, such as 10010."""
TO_DO: Final[Mapping[Language, Mapping[AlarmKind, tuple[str, ...]]]] = {
    Language.ZH: {
        AlarmKind.LEAK: ("。关阀禁火禁电,撤到室外拨{call}", ",开窗"),
        AlarmKind.FAULT: ("。该处失去保护,请检修",),
        AlarmKind.OFFLINE: ("。该处失去保护,请查电源网络",),
        AlarmKind.NEVER_REPORTED: ("。该处失去保护,请查安装",),
        AlarmKind.WRONG_GAS: ("。漏气可能不报警,请更换",),
        AlarmKind.TREND: ("。请查看",),
        AlarmKind.UNKNOWN_LEAK: ("。请即查找位置",),
        AlarmKind.BLIND: ("。各处可能漏报,请人工值守",),
        AlarmKind.TROUBLE: ("。监测仍在继续,请看系统页",),
        AlarmKind.OUTAGE: ("。请查停电或网络", ",泄漏照常另报"),
        AlarmKind.UNSTABLE: ("。请查电源网络",),
    },
    Language.EN: {
        AlarmKind.LEAK: (
            " GET OUT",
            ", CLOSE VALVE",
            ", NO FLAME",
            ", NO SWITCHES",
            ", OUTSIDE CALL {call}",
        ),
        AlarmKind.FAULT: (" repair", " now"),
        AlarmKind.OFFLINE: (" power?",),
        AlarmKind.NEVER_REPORTED: (" install",),
        AlarmKind.WRONG_GAS: ("", " replace"),
        AlarmKind.TREND: ("", " look"),
        AlarmKind.UNKNOWN_LEAK: ("", " find it"),
        AlarmKind.BLIND: ("", " stay alert"),
        AlarmKind.TROUBLE: ("", " see System"),
        AlarmKind.OUTAGE: ("", " power?"),
        AlarmKind.UNSTABLE: ("", " power?"),
    },
}
"""What to do: the first piece always, the others where there is room. For a leak: close the valve, no flame, no
switches, get out, and call from outside only (domain.md 6, after GB/T advice; docs/adr/0008). In Chinese all of it
always has room; in English all of it whenever the place's name is plain ASCII. "{call}" stands for the number."""
NEWS: Final[Mapping[Language, Mapping[NoticePurpose, str]]] = {
    Language.ZH: {
        NoticePurpose.RAISED: "",
        NoticePurpose.WORSE: "加重:",
        NoticePurpose.REPEAT: "仍未处理",
        NoticePurpose.CLEARED: "解除:",
        NoticePurpose.ANSWER: "",
    },
    Language.EN: {
        NoticePurpose.RAISED: "",
        NoticePurpose.WORSE: "Worse:",
        NoticePurpose.REPEAT: "Still:",
        NoticePurpose.CLEARED: "Over:",
        NoticePurpose.ANSWER: "",
    },
}
REMINDER: Final[Mapping[Language, tuple[str, str]]] = {
    Language.ZH: ("仍在:", ",{}已接手,请再次确认"),
    Language.EN: ("Still:", ", taken over {}, still on it?"),
}
"""To who has taken over and is to say so again: before the place, and after it with the time of the answer."""
UNANSWERED: Final[Mapping[Language, str]] = {
    Language.ZH: "。现已解除但无人确认,请核实",
    Language.EN: " over, unanswered",
}
LATE: Final[Mapping[Language, str]] = {Language.ZH: "(迟报)", Language.EN: "late "}
LATE_MARK: Final[Mapping[Language, str]] = {Language.ZH: "(迟报)", Language.EN: " late"}
"""The same behind the time, in a template's parameter."""
REPLY: Final[Mapping[Language, str]] = {Language.ZH: "。回{}接手", Language.EN: " Reply {}"}
TIME: Final[Mapping[Language, str]] = {Language.ZH: ",{}", Language.EN: " {}"}

NO_SUCH_CODE: Final[Mapping[Language, str]] = {
    Language.ZH: "【燃气监管】没有这个编号的未结报警,请核对短信里的数字",
    Language.EN: "GASWATCH no open alarm has this number; check the text",
}
TOOK_OVER: Final[Mapping[Language, str]] = {
    Language.ZH: "{place}:{who}已于{when}接手,谢谢",
    Language.EN: "{place}: {who} took over at {when}. Thanks",
}
TAKEN_BEFORE: Final[Mapping[Language, str]] = {
    Language.ZH: "{place}:此前已由{who}于{when}接手",
    Language.EN: "{place}: {who} already took over at {when}",
}
OVER_SINCE: Final[Mapping[Language, str]] = {
    Language.ZH: "{place}:已于{when}结束",
    Language.EN: "{place}: over since {when}",
}
WHICH_ONE: Final[Mapping[Language, str]] = {
    Language.ZH: "有{count}条报警,请回复短信里的数字:{codes}",
    Language.EN: "{count} alarms open, reply one of {codes}",
}
