#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""images-hostile.py DIR: writes layers that try to reach out of the tree they are unpacked into.

Each would create, change or remove /podctl-was-here, if whoever unpacks it lets it. GNU tar
does not write such archives.
"""

import io
import sys
import tarfile

TARGET = "podctl-was-here"
UP = "../" * 12


def entry(name, kind=tarfile.REGTYPE, link="", data=b""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return info, data


def link(name, target):
    return entry(name, tarfile.SYMTYPE, target)


def file(name):
    return entry(name, data=b"evil\n")


LAYERS = {
    # Plain names
    "dotdot": [file(UP + TARGET)],
    "absolute": [file("/" + TARGET)],
    "dotdot-inside": [file("etc/" + UP + TARGET)],
    # Through a link the archive brings along
    "symlink-dir": [link("out", "/"), file("out/" + TARGET)],
    "symlink-dir-relative": [link("out", UP), file("out/" + TARGET)],
    "symlink-file": [link("file", "/" + TARGET), file("file")],
    "hardlink": [entry("file", tarfile.LNKTYPE, "/" + TARGET), file("file")],
    "hardlink-dotdot": [entry("file", tarfile.LNKTYPE, UP + TARGET), file("file")],
    "hardlink-symlink": [link("out", "/"), entry("file", tarfile.LNKTYPE, "out/" + TARGET), file("file")],
    # By removing instead of writing
    "whiteout-dotdot": [entry(UP + ".wh." + TARGET)],
    "whiteout-of-dotdot": [entry("etc/.wh...")],
    "whiteout-of-dot": [entry("etc/.wh..")],
    "whiteout-symlink": [link("out", "/"), entry("out/.wh." + TARGET)],
    "opaque-symlink": [link("out", "/"), entry("out/.wh..wh..opq")],
    # A directory whose metadata is set through a link that took its place
    "replaced-dir": [entry("dir", tarfile.DIRTYPE), link("dir", "/"), file("dir/" + TARGET)],
}


def main(directory):
    for name, entries in LAYERS.items():
        with tarfile.open(f"{directory}/{name}.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            for info, data in entries:
                tar.addfile(info, io.BytesIO(data))


main(*sys.argv[1:])
