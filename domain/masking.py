"""Takes personal data out of free text. Rather too much than too little: a draft is read by a person anyway."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞"
    "熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓"
    "郁单杭洪包诸左石崔吉钮龚程嵇邢裴陆荣翁荀羊甄曲家封储靳段富巫焦巴谷车侯宓全班仰仲伊宫宁仇栾甘厉戎祖武符刘景詹束龙叶幸司"
    "韶黎蓟薄印宿白怀蒲台从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀尚农温别庄晏柴瞿"
    "阎充慕连茹习艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广东欧沃利蔚越隆师巩聂晁勾敖融冷辛阚那简饶空曾沙养鞠丰巢关蒯相"
    "查后荆红游竺权盖益桓公肖覃付闫涂"
)
_CUES: Final = (
    "反映人|代理人|经办人|联系人|申请人|当事人|负责人|法定代表人|法人|股东|房东|房主|业主|店主|租户|租客|原租户|承租人|出租人|户主|"
    "老板|配偶|丈夫|妻子|父亲|母亲|儿子|女儿|邻居|患者|本人|我叫|名叫|姓名|叫做|签字人"
)
_TITLES: Final = "先生|女士|小姐|老师|师傅|大爷|大妈|阿姨|叔叔|经理|老板|医生|主任"
_CREDIT: Final = "[0-9A-HJ-NP-RT-UW-Y]"
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NAME: Final = rf"[{_SURNAMES}][\u4e00-\u9fff·]{{1,2}}"
_PLACE: Final = "路|街|巷|弄|道|新村|小区|苑|村"
_UNIT: Final = "弄|号|栋|幢|单元|楼|层|室"
_PATTERNS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "〔邮箱〕"),
    (re.compile(r"(微信|QQ|wechat|weixin)(号|ID)?[:\s]*[A-Za-z0-9_-]{5,20}", re.IGNORECASE), "〔账号〕"),
    (re.compile(rf"(?<![0-9A-Za-z]){_CREDIT}{{2}}\d{{6}}{_CREDIT}{{10}}(?![0-9A-Za-z])"), "〔号码〕"),
    (re.compile(rf"[{_PROVINCES}][A-Z][·\s]?[A-Z0-9]{{5,6}}"), "〔车牌〕"),
    (re.compile(r"(?:\d[\s.()+\-—–]?){6,}[Xx]?"), "〔号码〕"),
    (re.compile(rf"[\u4e00-\u9fff]{{1,8}}(?:{_PLACE})\s*\d+\s*(?:{_UNIT})?(?:\s*\d+\s*(?:{_UNIT}))*"), "〔地址〕"),
    (re.compile(r"(?<![〕\])\d])\d+\s*(?:栋|幢|单元|室)"), "〔地址〕"),
    (re.compile(rf"(?P<cue>{_CUES})(?P<link>(?:是|为|叫|系)?[:\s]*){_NAME}"), r"\g<cue>\g<link>〔姓名〕"),
    (re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}(?P<title>{_TITLES})"), r"〔姓名〕\g<title>"),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Dr)\.?\s+[A-Z][a-z]+(?:\s+[A-Z][a-z]+)*"), "〔姓名〕"),
)
"""In this order: what is most certain first. Text has passed NFKC, so brackets and digits are plain."""


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """The text without the `known` values (names, contacts, identifiers), and without what looks like any of these."""
    masked = unicodedata.normalize("NFKC", text)
    for value in sorted({unicodedata.normalize("NFKC", one).strip() for one in known}, key=len, reverse=True):
        if len(value) > 1:
            masked = re.sub(re.escape(value), "〔当事人〕", masked, flags=re.IGNORECASE)
    for pattern, instead in _PATTERNS:
        masked = pattern.sub(instead, masked)
    return masked
