"""Genres of electronic music."""

from mug.synth.genre import BACKBEAT, Genre, Groove

_SYNTHS = ("saw", "supersaw", "square", "reed", "fm", "pluck", "bell")
_SOFT = ("piano", "electric piano", "clean guitar", "strings", "flute", "harp", "choir", "bell")
_DANCE = ("electronic", "808", "hard", "electronic")

ELECTRONIC: dict[str, Genre] = {
    "house": Genre((116, 132), (
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
        Groove("X...X...X...X..x", BACKBEAT, "o.x.o.x.o.x.o.xo"),
        Groove("X...X...X...X...", "....x.......x...", "x,x,x,x,x,x,x,x,", "perc"),
    ), ("saw", "sub", "fm", "reed"), ("supersaw", "electric piano", "organ", "piano", "saw"), _SYNTHS,
        ("pluck", "square", "bell", "piano"), ("electronic", "808"), swelling=0.8, swing=(0.5, 0.58)),
    "trance": Genre((132, 150), (
        Groove("X...X...X...X...", BACKBEAT, "ooxooox.ooxooox."),
        Groove("X...X...X...X...", "....X.......X..o", "..x...x...x...xx"),
    ), ("saw", "sub", "square"), ("supersaw", "supersaw", "strings", "choir"), ("supersaw", "saw", "pluck", "bell"),
        ("pluck", "saw", "square", "supersaw"), _DANCE, swelling=0.8, padded=0.8, loud=(0.32, 0.5), dense=0.5),
    "drum and bass": Genre((160, 178), (
        Groove("X.........X.....", "....X..o.o..X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x.......X.....", "....X..,.o..X..o", "x.xxx.xxx.xxx.xx"),
        Groove("X.x.......x.....", "....X,.o,o..X..o", "x,x,x,x,x,x,x,x,", "ride"),
    ), ("saw", "fm", "wobble", "sub"), ("strings", "electric piano", "supersaw", "choir"), _SYNTHS,
        ("pluck", "bell", "square"), ("acoustic", "electronic"), swelling=0.4, padded=0.7, loud=(0.29, 0.5),
        dense=0.5, halved=0.4),
    "breakcore": Genre((170, 220), (
        Groove("X.x...x..xX...x.", "....X..xo.x.X.xX", "x.xxx.xxxxx.x.xx"),
        Groove("X..X..x.X.xx..x.", "..x.X..o.x..XxXx", "xoxoxoxoxoxoxoxo", "ride"),
        Groove("X.XX..X...XX..X.", "....X.x.xX..X.XX", "x...x...x.x.x..."),
    ), ("saw", "fm", "sub"), ("supersaw", "choir", "piano", "strings"), _SYNTHS, ("pluck", "bell", "square", "harp"),
        ("acoustic", "hard", "electronic"), loud=(0.38, 0.57), dense=0.8, odd=(7,)),
    "hardcore": Genre((172, 220), (
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X...X...X...X.x.", BACKBEAT, "o.x.o.x.o.x.o.x."),
        Groove("X...X...X...X...", "................", "..X...X...X...X.", "perc"),
    ), ("saw", "sub", "square"), ("supersaw", "saw", "piano"), ("supersaw", "saw", "square", "fm", "piano"),
        ("pluck", "square", "saw"), ("hard", "hard", "electronic"), swelling=0.7, loud=(0.4, 0.59), dense=0.5),
    "dubstep": Genre((136, 152), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x......x..x..", "........X......o", "x..x..x.x..x..xx"),
    ), ("wobble", "wobble", "fm"), ("supersaw", "strings", "choir"), ("fm", "saw", "square", "bell"),
        ("pluck", "square", "bell"), _DANCE, swelling=0.5, padded=0.6, loud=(0.35, 0.57)),
    "hip hop": Genre((84, 108), (
        Groove("X..x..x...X.....", BACKBEAT, "x.xxx.x.x.xxx.xx"),
        Groove("X.....xX..x.....", "....X..o....X..o", "x.x.x.x.x.x.xxx."),
    ), ("808", "sub", "pick bass"), ("electric piano", "piano", "strings", "clean guitar"), _SOFT, ("pluck", "bell"),
        ("808", "acoustic"), swing=(0.5, 0.62), sung=0.8, loud=(0.27, 0.44)),
    "half time": Genre((138, 164), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x......x..x..", "........X......o", "x.x.x.x.xxx.x.x."),
    ), ("808", "sub", "saw"), ("bell", "strings", "choir", "piano"), ("bell", "flute", "pluck", "saw"),
        ("pluck", "bell", "harp"), ("808", "electronic"), swelling=0.4, sung=0.6),
    "electro": Genre((104, 140), (
        Groove("X..x..x.X..x..x.", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.....x.X.....x.", "....X..x....X...", "xoxoxoxoxoxoxoxo"),
    ), ("saw", "square", "fm"), ("saw", "supersaw", "square", "organ"), _SYNTHS, ("pluck", "square", "saw"),
        ("electronic", "808"), swelling=0.6, loud=(0.32, 0.52)),
    "chip tune": Genre((140, 200), (
        Groove("X...x...X...x...", "..o.X.....o.X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x...x.X.x...x.", BACKBEAT, "..x...x...x...x."),
    ), ("square", "reed"), ("square", "pluck"), ("square", "square", "reed"), ("square", "pluck"),
        ("chip", "chip", "808"), sung=0.0, padded=0.0, dense=0.5),
    "ambient": Genre((80, 130), (
        Groove("X...............", "........o.......", "....o.......o..."),
    ), ("sub", "strings"), ("choir", "strings", "electric piano"), _SOFT, ("bell", "pluck", "harp", "piano"),
        ("808", "jazz"), sung=0.3, padded=1.0, drums_db=-6, loud=(0.11, 0.27), share=1, dense=0.1, rubato=0.1),
    "j-core": Genre((168, 205), (
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X...X...X..xX.x.", "....X..o....X.xx", "x.X.x.X.x.X.x.X."),
        Groove("X.x...x...X..x..", "....X..o.o..X..o", "x.xxx.xxx.xxx.xx"),
    ), ("saw", "square", "supersaw"), ("supersaw", "piano", "supersaw"), ("supersaw", "piano", "saw", "square", "bell"),
        ("pluck", "square", "piano", "bell"), ("hard", "electronic"), swelling=0.7, sung=0.5, padded=0.5,
        loud=(0.4, 0.58), bass_lines=("..x...x...x...x.", ".xxx.xxx.xxx.xxx", "x.o.x.o.x.o.x.o."), dense=0.8,
        halved=0.2),
    "speedcore": Genre((220, 300), (
        Groove("X.X.X.X.X.X.X.X.", "....X.......X...", "..x...x...x...x."),
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X.X.X.X.X.XXX.XX", "............X.X.", "x...x...x...x...", "ride"),
    ), ("saw", "square", "sub"), ("supersaw", "saw", "choir"), ("supersaw", "saw", "square", "fm"),
        ("square", "pluck", "saw"), ("hard",), swelling=0.6, sung=0.1, loud=(0.42, 0.6), share=1,
        bass_lines=("x.x.x.x.x.x.x.x.", "x---x---x---x---", "..x...x...x...x."), dense=0.7, halved=0.3),
    "artcore": Genre((165, 200), (
        Groove("X.x.......x.....", "....X,.o,o..X..o", "x.x.x.x.x.x.x.x."),
        Groove("X...x...X.x...x.", "....X..o....X.o.", "x.xxx.xxx.xxx.xx", "ride"),
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
    ), ("strings", "saw", "upright", "sub"), ("piano", "strings", "choir", "piano"),
        ("piano", "strings", "bell", "piano"), ("piano", "harp", "bell", "pluck"), ("acoustic", "electronic"),
        sung=0.3, padded=0.9, loud=(0.33, 0.52),
        dense=0.9, odd=(7,)),
    "dance-pop": Genre((112, 134), (
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
        Groove("X...X.x.X...X...", "....X.......X..x", "x.x.x.x.x.x.xxx."),
        Groove("X.....x.X.x.....", BACKBEAT, "x.xxx.xxx.xxx.xx"),
    ), ("saw", "sub", "pick bass"), ("supersaw", "piano", "clean guitar", "electric piano"),
        ("supersaw", "pluck", "saw", "bell"), ("pluck", "square", "clean guitar"), ("electronic", "808"), swelling=0.6,
        sung=0.9, loud=(0.32, 0.5)),
    "eurobeat": Genre((148, 164), (
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X...X...X...X...", "....X.......X.xx", "x.X.x.X.x.X.x.X."),
    ), ("saw", "square", "fm"), ("supersaw", "brass", "guitar"), ("supersaw", "brass", "saw"),
        ("square", "pluck", "saw"), ("electronic", "hard"), swelling=0.4, sung=0.8, loud=(0.36, 0.53),
        bass_lines=("x.o.x.o.x.o.x.o.", "..xo..xo..xo..xo", "xoxoxoxoxoxoxoxo"), dense=0.6),
    "psytrance": Genre((138, 150), (
        Groove("X...X...X...X...", "....x.......x...", "..x...x...x...x."),
        Groove("X...X...X...X...", ".,..X..,.,..X.,.", "o.xoo.xoo.xoo.xo"),
    ), ("saw", "fm"), ("choir", "supersaw", "strings"), ("fm", "saw", "square"), ("fm", "square", "saw", "pluck"),
        ("electronic", "hard"), swelling=0.3, sung=0.05, padded=0.7, loud=(0.35, 0.52), share=1,
        bass_lines=(".xxx.xxx.xxx.xxx", ".xxx.xxo.xxx.xox"), dense=0.7),
    "hardstyle": Genre((145, 162), (
        Groove("X...X...X...X...", "....o.......o...", "..x...x...x...x."),
        Groove("X...X...X...X.x.", BACKBEAT, "..X...X...X..xX."),
    ), ("saw", "square"), ("supersaw", "choir", "strings"), ("supersaw", "supersaw", "saw"), ("pluck", "supersaw"),
        ("hard",), swelling=0.8, sung=0.3, padded=0.6, loud=(0.38, 0.58), share=1,
        bass_lines=("..x...x...x...x.", ".xxx.xxx.xxx.xxx"), halved=0.2),
    "future bass": Genre((138, 172), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x....x...x...", "........X......o", "xxx.x.x.xxx.x.x."),
    ), ("sub", "saw", "supersaw"), ("supersaw",), ("supersaw", "bell", "pluck", "square"), ("pluck", "bell", "square"),
        ("electronic", "808"), swelling=0.9, sung=0.6, padded=0.6, loud=(0.33, 0.53), dense=0.4),
    "fast chip tune": Genre((200, 270), (
        Groove("X...x...X...x...", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.x.X.x.X.x.X.x.", "....X..x....X.xx", "..x...x...x...x."),
    ), ("square", "reed"), ("square", "pluck"), ("square", "square", "reed"), ("square", "pluck"), ("chip",), sung=0.0,
        padded=0.0, loud=(0.3, 0.5), share=1, bass_lines=("x.o.x.o.x.o.x.o.", "x.x.x.x.x.x.x.x.", "x---x---x---x---"),
        dense=0.9, odd=(7,)),
    "lo-fi": Genre((66, 92), (
        Groove("X.....xX..x.....", "....X.......X...", "x.x.x.x.x.x.x.x."),
        Groove("X..x...x..X.....", "....X..,.,..X..,", "x.xxx.x.x.xxx.x."),
    ), ("upright", "sub", "pick bass"), ("electric piano", "piano", "clean guitar"), _SOFT,
        ("electric piano", "bell", "harp"), ("jazz", "acoustic", "808"),
        swing=(0.54, 0.64), sung=0.2, padded=0.5, drums_db=-3, loud=(0.16, 0.33), share=1,
        dense=0.2),
}  # fmt: skip
