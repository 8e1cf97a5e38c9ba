"""Genres of bands, orchestras and solo instruments."""

from mug.synth.genre import BACKBEAT, DRUMS, JIG, TRIPLET, WALTZ, Genre, Groove

_BAND = ("guitar", "saw", "organ", "brass", "piano", "strings", "clean guitar", "reed")
_SOFT = ("piano", "electric piano", "clean guitar", "strings", "flute", "harp", "choir", "bell")

BANDS: dict[str, Genre] = {
    "rock": Genre((110, 186), (
        Groove("X.....x.X.x.....", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.x.....X.x...x.", BACKBEAT, "x...x...x...x..."),
        Groove("X.......X.x.....", "....X..o....X...", "x.x.x.x.x.x.x.x.", "ride"),
    ), ("pick bass", "pick bass", "saw"), ("guitar", "guitar", "clean guitar", "organ"),
        ("guitar", "saw", "brass", "reed", "clean guitar"), ("clean guitar", "piano", "guitar"), ("acoustic",),
        sung=0.7, loud=(0.32, 0.48), odd=(7,)),
    "metal": Genre((140, 220), (
        Groove("X.x.X.x.X.x.X.x.", BACKBEAT, "x...x...x...x...", "ride"),
        Groove("XxXxXxXxXxXxXxXx", "....X.......X...", "x...x...x...x..."),
        Groove("X..X..X.X..X..X.", "........X.......", "x...x...x...x...", "ride"),
        Groove("X.X.X.X.X.X.X.X.", ".X.X.X.X.X.X.X.X", "x...x...x...x..."),
    ), ("pick bass", "saw"), ("guitar",), ("guitar", "guitar", "strings", "brass"), ("guitar", "piano", "strings"),
        ("acoustic", "acoustic", "hard"), sung=0.4, loud=(0.35, 0.52), dense=0.6, odd=(5, 7)),
    "shuffle": Genre((96, 160), (
        Groove("X.....X..x..", "...X.....X..", "x.xx.xx.xx.x"),
        Groove("X....xX.....", "...X.o...X.o", "x..x..x..x..", "ride"),
    ), ("pick bass", "saw", "reed"), _BAND, _BAND, ("pluck", "piano", "clean guitar"), ("acoustic", "electronic"),
        feel=TRIPLET, share=1),
    "jazz": Genre((110, 200), (
        Groove("o.......o.......", "....,..,....,.o.", "x...x.x.x...x.x.", "ride"),
        Groove("o..o......o.....", "..,.o..,.,..o..,", "x...x.x.x...x.x.", "ride"),
    ), ("upright",), ("piano", "electric piano", "clean guitar"), ("brass", "reed", "piano", "flute", "clean guitar"),
        ("piano", "clean guitar"), ("jazz",),
        swing=(0.58, 0.667), sung=0.3, padded=0.1, drums_db=-4, loud=(0.13, 0.3), share=1, dense=0.4,
        odd=(5,)),
    "bossa": Genre((110, 150), (
        Groove("x..xx..xx..xx..x", "x..x..x...x..x..", "oooooooooooooooo"),
        Groove("x..xx..xx..xx..x", "..x..x.x..x..x.x", "xoxoxoxoxoxoxoxo", "perc"),
    ), ("upright", "pick bass"), ("clean guitar", "electric piano"), ("flute", "reed", "clean guitar", "piano"),
        ("clean guitar", "harp"),
        ("jazz", "acoustic"), sung=0.6, padded=0.3, drums_db=-5, loud=(0.16, 0.32), share=1),
    "ballad": Genre((60, 110), (
        Groove("X.......x.x.....", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.....x...x.....", "....x.......x...", "o.o.o.o.o.o.o.o."),
    ), ("upright", "pick bass", "sub"), ("piano", "strings", "clean guitar"), ("piano", "strings", "flute", "guitar"),
        ("piano", "harp", "clean guitar"), ("acoustic", "jazz"), sung=0.9, padded=0.8, drums_db=-3,
        loud=(0.19, 0.37), share=1, dense=0.15, rubato=0.35),
    "waltz": Genre((120, 196), (
        Groove("X...........", "....x...X...", "x.x.x.x.x.x."),
        Groove("X.....x.....", "....X...X..o", "..x...x...x."),
    ), ("upright", "reed", "pluck"), _SOFT, (*_SOFT, "reed", "brass"), ("harp", "pluck", "bell"),
        ("acoustic", "orchestral"), feel=WALTZ, share=1),
    "orchestral": Genre((90, 170), (
        Groove("X.......o.......", "............x.xx", "o...o...o...o...", "perc"),
        Groove("X.....x.X.......", "....o...o...x.xx", "........o.......", "perc"),
    ), ("strings", "upright", "brass"), ("strings", "brass", "choir"), ("strings", "brass", "flute", "choir"),
        ("strings", "harp", "piano"), ("orchestral",), sung=0.15, padded=0.7, drums_db=-3, loud=(0.13, 0.35), share=1,
        dense=0.4, rubato=0.2),
    "piano solo": Genre((66, 160), (
        Groove("................", "................", "................"),
    ), ("piano",), ("piano",), ("piano",), ("piano",), ("acoustic",), sung=0.1, padded=0.05,
        never=DRUMS | {"riser"}, loud=(0.11, 0.3), share=1, dense=0.4, rubato=0.4),
    "vocal rock": Genre((160, 225), (
        Groove("X...x.x.X...x...", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.xx..x.X.xx..x.", "....X..o....X..o", "x...x...x...x..."),
        Groove("X...X...X...X...", "..X...X...X...X.", "x.x.x.x.x.x.x.x."),
    ), ("pick bass",), ("guitar", "guitar", "piano"), ("piano", "guitar", "square", "saw"),
        ("piano", "clean guitar", "square"), ("acoustic", "acoustic", "electronic"), sung=0.95, padded=0.2,
        loud=(0.36, 0.53), dense=0.7),
    "punk": Genre((165, 215), (
        Groove("X..xX...X..xX...", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X...X...X...X...", "..X...X...X...X.", "x.x.x.x.x.x.x.x."),
        Groove("X.....x.X.x.....", BACKBEAT, "x...x...x...x...", "ride"),
    ), ("pick bass",), ("guitar",), ("guitar", "guitar", "organ"), ("guitar", "clean guitar"), ("acoustic",), sung=0.9,
        padded=0.0, loud=(0.36, 0.52), share=1, bass_lines=("x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx")),
    "death metal": Genre((180, 270), (
        Groove("X.X.X.X.X.X.X.X.", ".X.X.X.X.X.X.X.X", "X.X.X.X.X.X.X.X.", "ride"),
        Groove("XxXxXxXxXxXxXxXx", "X.X.X.X.X.X.X.X.", "x...x...x...x..."),
        Groove("XxXxXxXxXxXxXxXx", "....X.......X...", "x...x...x...x...", "ride"),
        Groove("XX.XX.XX.XX.XX.X", "........X.......", "x...x...x...x..."),
    ), ("pick bass", "pick bass", "saw"), ("guitar",), ("guitar", "guitar", "choir"), ("guitar", "guitar", "strings"),
        ("acoustic", "hard"), sung=0.1, padded=0.3, loud=(0.38, 0.55), share=1,
        bass_lines=("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"), dense=0.9, halved=0.4, odd=(5, 7)),
    "symphonic metal": Genre((130, 200), (
        Groove("X.x.X.x.X.x.X.x.", BACKBEAT, "x...x...x...x...", "ride"),
        Groove("XxXxXxXxXxXxXxXx", "....X.......X...", "x...x...x...x..."),
        Groove("X..x..x.X..x..x.", BACKBEAT, "x.x.x.x.x.x.x.x."),
    ), ("pick bass", "strings"), ("guitar", "guitar", "choir"), ("strings", "guitar", "brass", "choir"),
        ("strings", "harp", "piano"), ("acoustic",), sung=0.6, padded=1.0, loud=(0.35, 0.52), share=1, dense=0.7,
        halved=0.2),
    "progressive rock": Genre((110, 180), (
        Groove("X..x..x.X.x...x.", "....X..o....X..o", "x.x.x.x.x.x.x.x.", "ride"),
        Groove("X.xx..X...x.X...", "....X.......X.o.", "x.xxx.xxx.xxx.xx"),
    ), ("pick bass", "saw"), ("organ", "guitar", "clean guitar"), ("saw", "guitar", "flute", "organ"),
        ("piano", "clean guitar", "square"), ("acoustic",), sung=0.4, loud=(0.28, 0.45), share=1, dense=0.6,
        odd=(5, 7, 7, 3)),
    "funk": Genre((96, 126), (
        Groove("X..x..x...x..x..", "....X..o.o..X..o", "xxxxxxxxxxxxxxxx"),
        Groove("X.x...xX..x.....", "....X..o....X.o.", "x.xxx.xxx.xxx.xx"),
    ), ("pick bass", "saw"), ("clean guitar", "electric piano", "organ", "brass"), ("brass", "saw", "organ", "flute"),
        ("clean guitar", "electric piano"), ("acoustic",), swing=(0.5, 0.58), sung=0.6, loud=(0.26, 0.44), share=1,
        bass_lines=("x..x..x.x-.x..xo", "x-.xo..x..x-o.x.", "x.x..xo...x.x.ox"), dense=0.5),
    "electro swing": Genre((110, 136), (
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
        Groove("X...X...X...X..x", "....X..o....X..o", "x.xxx.xxx.xxx.xx"),
    ), ("upright", "saw"), ("piano", "clean guitar", "brass"), ("brass", "reed", "piano"), ("piano", "clean guitar"),
        ("electronic", "jazz"), swelling=0.5, swing=(0.58, 0.667), sung=0.5, padded=0.1, loud=(0.28, 0.46), share=1,
        bass_lines=("x---o---x---o---", "x.....x.o.....x."), dense=0.4),
    "jig": Genre((150, 220), (
        Groove("X.....x.....", "......X.....", "x.o.o.x.o.o.", "perc"),
        Groove("X...x.X...x.", "......X...o.", "x.x.x.x.x.x."),
    ), ("upright", "pick bass"), ("clean guitar", "harp", "piano"), ("flute", "reed", "strings", "brass"),
        ("harp", "clean guitar"), ("acoustic", "jazz"), feel=JIG, sung=0.2, padded=0.3, drums_db=-2, loud=(0.2, 0.4),
        share=1, dense=0.4),
    "symphony": Genre((60, 150), (
        Groove("X...............", "............o.oo", "o.......o.......", "perc"),
        Groove("X.......X.......", "....o.o.....xxxx", "........o.......", "perc"),
    ), ("strings", "brass", "upright"), ("strings", "strings", "brass"), ("flute", "strings", "brass", "reed", "harp"),
        ("strings", "harp", "flute"), ("orchestral",), sung=0.05, padded=0.8, drums_db=-5, loud=(0.1, 0.32), share=1,
        dense=0.6, rubato=0.3, odd=(3, 3)),
    "virtuoso piano": Genre((100, 200), (
        Groove("................", "................", "................"),
    ), ("piano",), ("piano",), ("piano",), ("piano",), ("acoustic",), sung=0.0, padded=0.0, never=DRUMS | {"riser"},
        loud=(0.14, 0.34), share=1, bass_lines=("x.o.x.o.x.o.x.o.", "x--x--x-o--x--x-", "x-------o-------"), dense=1.0,
        rubato=0.2, odd=(3,)),
}  # fmt: skip
