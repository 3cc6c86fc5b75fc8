"""Numbers as people write them."""

from datetime import UTC, datetime

import pytest

from fmstudio.gui import formatting


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (formatting.count(12345), "12,345"),
        (formatting.count(None), "–"),
        (formatting.count(float("nan")), "–"),
        (formatting.number(2.34567), "2.35"),
        (formatting.number(0.041234), "0.0412"),
        (formatting.number(1240.4), "1,240"),
        (formatting.number(0), "0"),
        (formatting.number(0.00032), "3.2e-4"),
        (formatting.number(-1.5), "-1.50"),
        (formatting.scientific(3e-4), "3e-4"),
        (formatting.setting_number(3e-4), "3e-4"),
        (formatting.setting_number(0.1), "0.1"),
        (formatting.setting_number(10000.0), "10000"),
        (formatting.setting_number(2.5e-5), "2.5e-5"),
        (formatting.millions(820), "820"),
        (formatting.millions(12_400), "12.4 k"),
        (formatting.millions(851_234), "0.85 M"),
        (formatting.millions(1_240_000_000), "1.24 B"),
        (formatting.size(512), "512 B"),
        (formatting.size(0), "0 B"),
        (formatting.size(12_400_000), "12.4 MB"),
        (formatting.size(999_999), "1.00 MB"),
        (formatting.size(3.2e12), "3.20 TB"),
        (formatting.duration(0.42), "0.4 s"),
        (formatting.duration(41), "41 s"),
        (formatting.duration(59.7), "1 min 00 s"),
        (formatting.duration(130), "2 min 10 s"),
        (formatting.duration(11_100), "3 h 05 min"),
        (formatting.duration(180_000), "2 d 02 h"),
        (formatting.clock(41), "0:41"),
        (formatting.clock(725), "12:05"),
        (formatting.clock(3725), "1:02:05"),
        (formatting.rate(1240.2, "tokens/s"), "1,240 tok/s"),
        (formatting.rate(38.24, "tokens/s"), "38.2 tok/s"),
        (formatting.rate(3_400_000, "bytes/s"), "3.40 MB/s"),
        (formatting.rate(None, "tokens/s"), "–"),
        (formatting.percent(0.64), "64 %"),
        (formatting.percent(0.999), "99 %"),
        (formatting.percent(1.0), "100 %"),
        (formatting.share(2 / 3), "67 %"),
        (formatting.share(1 / 3), "33 %"),
        (formatting.share(0.285), "29 %"),  # 28.499999999999996 as a computer has it
        (formatting.share(697 / 699), "99 %"),
        (formatting.share(1.0), "100 %"),
        (formatting.share(1.12), "112 %"),  # generated pictures may be more varied than real ones
        (formatting.share(None), "–"),
        (formatting.plural(1, "document"), "1 document"),
        (formatting.plural(1200, "document"), "1,200 documents"),
        (formatting.plural(1, "entry", "entries"), "1 entry"),
        (formatting.plural(0, "entry", "entries"), "0 entries"),
    ],
)
def test_numbers(made, expected):
    assert made == expected


def test_moments():
    present = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    assert formatting.when("2026-03-09T14:59:30+00:00", present) == "just now"
    assert formatting.when("2026-03-09T14:48:00+00:00", present) == "12 min ago"
    assert formatting.when("2026-03-03T10:00:00+00:00", present) == "3 Mar"
    assert formatting.when("2024-03-03T10:00:00+00:00", present) == "3 Mar 2024"
    assert formatting.when("a while ago", present) == "a while ago"
