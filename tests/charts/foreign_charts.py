"""Charts of other games, small enough to check every time by hand."""

import json

SM = """#TITLE:Tempo \\: test;
#SUBTITLE:(short);
#ARTIST:作曲者;
#TITLETRANSLIT:Tempo test;
#ARTISTTRANSLIT:Composer;
#GENRE:Test;
#CREDIT:Somebody;
#BANNER:bn.png;
#BACKGROUND:bg.png;
#MUSIC:music.ogg;
#OFFSET:-0.100;
#SAMPLESTART:1.5;
#BPMS:0.000=120.000,4.000=60.000; // two tempos
#STOPS:6.000=0.500;
//--- a comment: with #marks; ---
#NOTES:
     dance-single:
     Some Stepper:
     Hard:
     9:
     0,0,0,0,0:
// measure 1: 120 BPM, beat 0 at 100 ms
1000
0100
0010
0002
,
// measure 2: 60 BPM from beat 4 on; a stop at beat 6
1003
0200
0310
M0L0
,
4000
0000
00F1
3000
;
#NOTES:
     dance-double:
     :
     Hard:
     9:
     0:
10000000
;
"""
#: (column, start, end) of SM's first chart. Beat 4 is at 100 + 4 * 500 = 2100, 6 at 4100, 7 at 5600, 8 at 6600.
SM_NOTES = [
    (0, 100.0, None),
    (1, 600.0, None),
    (2, 1100.0, None),
    (3, 1600.0, 2100.0),
    (0, 2100.0, None),
    (1, 3100.0, 4100.0),
    (2, 4100.0, None),
    (2, 5600.0, None),
    (0, 6600.0, 9600.0),
    (3, 8600.0, None),
]

SSC = """#VERSION:0.83;
#TITLE:Split;
#ARTIST:Nobody;
#MUSIC:song.ogg;
#OFFSET:0.250;
#BPMS:0.000=60.000;
#STOPS:;
#DELAYS:;
#WARPS:;
#NOTEDATA:;
#CHARTNAME:Own timing;
#STEPSTYPE:dance-single;
#DESCRIPTION:words;
#DIFFICULTY:Edit;
#METER:12;
#CREDIT:Stepper;
#OFFSET:-1.000;
#BPMS:0.000=240.000;
#STOPS:1.000=0.100;
#DELAYS:1.000=0.020,5.000=0.040;
#WARPS:2.000=1.000,5.000=1.000;
#FAKES:6.500=0.500;
#TIMESIGNATURES:0.000=3=4;
#NOTES:
1000
0100
0010
0001
,
1000
0100
0010
0000
0000
1000
0001
0000
;
#NOTEDATA:;
#STEPSTYPE:dance-single;
#DIFFICULTY:Easy;
#METER:1;
#NOTES:
1000
0001
0000
0000
;
"""
#: Beats of 250 ms from 1000 on. Beat 1 at 1250 waits 20 ms before its notes and 100 after them; beat 2 at 1620 is
#: warped over, beat 3 is there at once. The second measure has rows every half beat: 4 at 1870, 4.5, then 5 (2120) in a
#: warp, but with a delay of 40 ms, so its note counts; 6 at 2160; 6.5 is a fake; 7 at 2410.
SSC_NOTES = [
    (0, 1000.0, None),
    (1, 1270.0, None),
    (3, 1620.0, None),
    (0, 1870.0, None),
    (1, 1995.0, None),
    (2, 2160.0, None),
    (3, 2410.0, None),
]
SSC_EASY_NOTES = [(0, -250.0, None), (3, 750.0, None)]  # the song's timing: 60 BPM from -250 ms on

QUA = """AudioFile: music.mp3
SongPreviewTime: 12345
BackgroundFile: bg.jpg
MapId: 5
MapSetId: 77
Mode: Keys4
Title: 'It''s: a test'
Artist: "Caf\\u00e9"
Source: ''
Tags: one two
Creator: Mapper
DifficultyName: "4K #1"
Description: ''
EditorLayers: []
TimingPoints:
- Bpm: 120
- StartTime: 2000.5
  Bpm: 150.0
  Signature: Triple
SliderVelocities:
- StartTime: 0
  Multiplier: 0.5
HitObjects:
- Lane: 1
  KeySounds: []
- StartTime: 500
  Lane: 4
  EndTime: 900
  KeySounds:
  - Sample: 1
    Volume: 100
- StartTime: 250
  Lane: 2
  HitSound: Clap, Whistle
"""
QUA_NOTES = [(0, 0.0, None), (1, 250.0, None), (3, 500.0, 900.0)]

MC = json.dumps(
    {
        "meta": {
            "$ver": 0,
            "creator": "Mapper",
            "background": "bg.jpg",
            "version": "4K Hard Lv.20",
            "preview": 66195,
            "id": 52021,
            "mode": 0,
            "song": {"title": "Yuki", "artist": "Singer", "titleorg": "雪", "artistorg": "歌手", "id": 13588},
            "mode_ext": {"column": 4, "bar_begin": 0},
        },
        "time": [{"beat": [0, 0, 1], "bpm": 120.0}, {"beat": [4, 1, 2], "bpm": 240.0}],
        "effect": [{"beat": [2, 0, 1], "scroll": 0.5}],
        "note": [
            {"beat": [0, 0, 4], "column": 0},
            {"beat": [1, 1, 4], "column": 3, "sound": "clap.wav", "vol": 50},
            {"beat": [4, 0, 4], "endbeat": [5, 0, 4], "column": 1},
            {"beat": [6, -1, -2], "column": 2},
            {"beat": [7, 0, 1], "column": 9},
            {"beat": [0, 0, 1], "sound": "yuki.ogg", "vol": 100, "offset": 150, "type": 1},
        ],
    },
    ensure_ascii=False,
    indent=0,
)
#: 500 ms a beat up to 4.5, which is at 2250, then 250; the song starts 150 ms after beat 0.
MC_NOTES = [(0, -150.0, None), (3, 475.0, None), (1, 1850.0, 2225.0), (2, 2600.0, None)]

OSU = """osu file format v14

[General]
AudioFilename: audio.mp3
Mode: 3

[Metadata]
Title:T
Artist:A
Creator:C
Version:V

[Difficulty]
CircleSize:4
SliderMultiplier:1.4

[Events]
0,0,"bg.jpg",0,0

[TimingPoints]
0,500,4,1,0,100,1,0
1000,-50,4,1,0,100,0,0

[HitObjects]
64,192,0,1,0,0:0:0:0:
192,192,250,128,0,500:0:0:0:0:
320,192,1000,2,0,L|400:192,1,140
448,192,1500,12,0,2000,0:0:0:0:
"""

#: A file of every kind, by its ending.
EXAMPLES = {
    suffix: text.encode() for suffix, text in [(".osu", OSU), (".sm", SM), (".ssc", SSC), (".qua", QUA), (".mc", MC)]
}


def notes_of(beatmap) -> list[tuple[int, float, float | None]]:
    """The notes of a chart as the tables above say them, times to the microsecond."""
    return [
        (note.column, round(note.start_ms, 3), None if note.end_ms is None else round(note.end_ms, 3))
        for note in beatmap.notes
    ]
