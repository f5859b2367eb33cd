"""What things and people in the simulated town are called. All invented; none is a real business or person."""

from typing import Final, NamedTuple


class Spoken(NamedTuple):
    """One name in both languages."""

    zh: str
    en: str


CITY: Final = Spoken("云岭市", "Yunling")
TOWNS: Final = (Spoken("青溪镇", "Qingxi"), Spoken("石桥镇", "Shiqiao"))
GRIDS: Final = (
    (Spoken("河东网格", "Hedong"), Spoken("河西网格", "Hexi"), Spoken("老街网格", "Laojie")),
    (Spoken("北坡网格", "Beipo"), Spoken("矿口网格", "Kuangkou"), Spoken("桥头网格", "Qiaotou")),
)
STREETS: Final = (
    (Spoken("河滨东路", "Hebin East Road"), Spoken("柳林街", "Liulin Street")),
    (Spoken("河滨西路", "Hebin West Road"), Spoken("竹园路", "Zhuyuan Road")),
    (Spoken("青石老街", "Qingshi Old Street"), Spoken("钟楼巷", "Zhonglou Lane")),
    (Spoken("北坡大道", "Beipo Avenue"), Spoken("松坪路", "Songping Road")),
    (Spoken("矿口路", "Kuangkou Road"), Spoken("新井街", "Xinjing Street")),
    (Spoken("石桥南路", "Shiqiao South Road"), Spoken("桥头巷", "Qiaotou Lane")),
)
STATION: Final = (Spoken("青溪液化气供应站", "Qingxi LPG Bottle Station"), Spoken("青溪气站", "Qingxi LPG"))

# (full name, short name): a short name is at most 8 Chinese or 14 Latin characters (gascore.registry.Site).
RESTAURANTS: Final = tuple(
    (Spoken(f"{zh}{tail}", f"{en} {tail_en}"), Spoken(zh, en))
    for zh, en, tail, tail_en in (
        ("老灶台", "Laozaotai", "火锅店", "Hotpot"),
        ("川味轩", "Chuanweixuan", "川菜馆", "Sichuan Restaurant"),
        ("福满楼", "Fumanlou", "酒楼", "Restaurant"),
        ("羊汤张", "Yangtang Zhang", "羊汤馆", "Mutton Soup"),
        ("湘聚园", "Xiangjuyuan", "湘菜馆", "Hunan Restaurant"),
        ("一品鲜", "Yipinxian", "海鲜楼", "Seafood"),
        ("东篱居", "Dongliju", "涮肉馆", "Hotpot"),
        ("柴火鸡", "Chaihuoji", "农家饭庄", "Farm Restaurant"),
        ("大碗面", "Dawanmian", "面馆", "Noodles"),
        ("金穗", "Jinsui", "饺子馆", "Dumplings"),
        ("云上", "Yunshang", "茶餐厅", "Tea Restaurant"),
        ("巷子里", "Xiangzili", "小炒店", "Stir-fry"),
        ("好再来", "Haozailai", "家常菜馆", "Home Cooking"),
        ("麦香", "Maixiang", "面食馆", "Noodles"),
        ("渝味堂", "Yuweitang", "重庆火锅", "Chongqing Hotpot"),
        ("兄弟", "Xiongdi", "烧烤店", "Barbecue"),
        ("江边", "Jiangbian", "鱼庄", "Fish House"),
        ("石锅坊", "Shiguofang", "石锅饭店", "Stone Pot"),
        ("顺风", "Shunfeng", "饭店", "Restaurant"),
        ("聚贤", "Juxian", "大酒店", "Grand Hotel"),
        ("清真马记", "Qingzhen Maji", "牛肉面馆", "Beef Noodles"),
        ("小南园", "Xiaonanyuan", "私房菜馆", "Private Kitchen"),
        ("稻花香", "Daohuaxiang", "饭庄", "Restaurant"),
        ("井水豆花", "Jingshui Douhu", "豆花店", "Bean Curd"),
        ("矿工之家", "Kuanggong Home", "饭店", "Restaurant"),
        ("北坡人家", "Beipo Renjia", "农家乐", "Farmhouse"),
        ("桥头堡", "Qiaotoubao", "火锅店", "Hotpot"),
        ("刘三巧", "Liusanqiao", "卤味馆", "Braised Food"),
        ("春来", "Chunlai", "早餐店", "Breakfast"),
        ("食为天", "Shiweitian", "饭店", "Restaurant"),
        ("醉仙阁", "Zuixiange", "酒楼", "Restaurant"),
        ("田园", "Tianyuan", "素食馆", "Vegetarian"),
        ("炭小二", "Tanxiaoer", "烤鱼店", "Grilled Fish"),
        ("三碗粥", "Sanwanzhou", "粥铺", "Porridge"),
        ("桂香", "Guixiang", "米粉店", "Rice Noodles"),
        ("合家欢", "Hejiahuan", "酒楼", "Restaurant"),
    )
)
CANTEENS: Final = tuple(
    (Spoken(full, full_en), Spoken(short, short_en))
    for full, full_en, short, short_en in (
        ("青溪镇中心小学食堂", "Qingxi Primary School Canteen", "中心小学食堂", "Primary School"),
        ("云岭二中食堂", "Yunling No. 2 School Canteen", "二中食堂", "No. 2 School"),
        ("青溪镇卫生院食堂", "Qingxi Clinic Canteen", "卫生院食堂", "Clinic Canteen"),
        ("石桥镇敬老院食堂", "Shiqiao Care Home Canteen", "敬老院食堂", "Care Home"),
        ("新井煤矿职工食堂", "Xinjing Mine Canteen", "新井矿食堂", "Xinjing Mine"),
        ("松坪煤矿职工食堂", "Songping Mine Canteen", "松坪矿食堂", "Songping Mine"),
        ("石桥镇幼儿园食堂", "Shiqiao Kindergarten Canteen", "幼儿园食堂", "Kindergarten"),
        ("云岭水泥厂食堂", "Yunling Cement Works Canteen", "水泥厂食堂", "Cement Works"),
    )
)
SURNAMES: Final = tuple(
    Spoken(*pair)
    for pair in (
        ("王", "Wang"),
        ("李", "Li"),
        ("张", "Zhang"),
        ("刘", "Liu"),
        ("陈", "Chen"),
        ("杨", "Yang"),
        ("赵", "Zhao"),
        ("黄", "Huang"),
        ("周", "Zhou"),
        ("吴", "Wu"),
        ("徐", "Xu"),
        ("孙", "Sun"),
        ("马", "Ma"),
        ("朱", "Zhu"),
        ("胡", "Hu"),
    )
)
GIVEN: Final = tuple(
    Spoken(*pair)
    for pair in (
        ("建国", "Jianguo"),
        ("秀英", "Xiuying"),
        ("志强", "Zhiqiang"),
        ("丽华", "Lihua"),
        ("海涛", "Haitao"),
        ("春梅", "Chunmei"),
        ("国庆", "Guoqing"),
        ("玉兰", "Yulan"),
        ("文斌", "Wenbin"),
        ("晓燕", "Xiaoyan"),
        ("德胜", "Desheng"),
        ("桂芳", "Guifang"),
        ("大伟", "Dawei"),
        ("雪琴", "Xueqin"),
        ("永安", "Yong'an"),
    )
)
SUPPLIERS: Final = {
    "lpg": STATION[0],
    "mine_gas": Spoken("新井煤矿瓦斯公司", "Xinjing Mine Gas Company"),
    "natural_gas": Spoken("云岭燃气有限公司", "Yunling Gas Company"),
}
HOME_DISH: Final = tuple(
    Spoken(*pair)
    for pair in (
        ("小吃", "Snacks"),
        ("早点", "Breakfast"),
        ("凉粉", "Jelly"),
        ("包子", "Buns"),
        ("豆腐", "Tofu"),
    )
)
ROLES: Final = {
    "owner": Spoken("负责人", "owner"),
    "safety_officer": Spoken("安全员", "safety officer"),
    "maintenance": Spoken("维保", "maintenance"),
    "supplier_dispatch": Spoken("供气调度", "supplier dispatch"),
    "grid_worker": Spoken("网格员", "grid worker"),
    "shift_leader": Spoken("值班长", "shift leader"),
    "duty_officer": Spoken("镇值班领导", "town duty officer"),
}
"""By the value of `gascore.registry.Role`."""
