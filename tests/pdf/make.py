"""Writes the PDF files of this folder: scans in each way that scanners pack them, and files that mean harm.

    python3 tests/pdf/make.py        (Pillow; qpdf for encrypted.pdf)

`scan.png` is what every scan shows, pixel for pixel."""
import io, pathlib, struct, subprocess, zlib
from PIL import Image, ImageDraw, ImageOps

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 401, 303


def scan():
    picture = Image.new("1", (WIDTH, HEIGHT), 1)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((50, 40, 200, 190), fill=0)
    draw.line((0, 0, WIDTH - 1, HEIGHT - 1), fill=0, width=5)
    draw.rectangle((250, 100, 380, 250), outline=0, width=7)
    return picture


def group4(picture):
    """The bare CCITT Group 4 data and the PhotometricInterpretation, from a TIFF."""
    out = io.BytesIO()
    picture.save(out, "TIFF", compression="group4")
    tiff = Image.open(io.BytesIO(out.getvalue()))
    offset, count = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    return out.getvalue()[offset : offset + count], tiff.tag_v2[262]


def jbig2(data):
    """A page and one immediate generic region coded by MMR, which is Group 4 (ITU-T T.88, 7.2, 7.4.6, 7.4.8)."""
    page = struct.pack(">IIIIBH", WIDTH, HEIGHT, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", WIDTH, HEIGHT, 0, 0, 0) + b"\x01" + data
    head = lambda number, kind, length: struct.pack(">IBBBI", number, kind, 0, 1, length)
    return head(0, 48, len(page)) + page + head(1, 38, len(region)) + region


def pdf(objects, trailer=b""):
    """Objects from number 1, the first being the catalogue."""
    out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def stream(data, words=b""):
    return b"<< /Length %d %s >>\nstream\n" % (len(data), words) + data + b"\nendstream"


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def page(width, height, resources=b"", more=b""):
    box = b"/MediaBox [0 0 %g %g]" % (width, height)
    return b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << %s >> %s >>" % (box, resources, more)


def scanned(data, words, more=b""):
    """A page that is one picture at 100 dots per inch, with invisible text over it as of text recognition."""
    width, height = WIDTH * 0.72, HEIGHT * 0.72
    content = b"q %g 0 0 %g 0 0 cm /I Do Q BT /F 8 Tf 3 Tr 20 20 Td (found) Tj ET" % (width, height)
    picture = b"/Type /XObject /Subtype /Image /Width %d /Height %d %s" % (WIDTH, HEIGHT, words)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    resources = b"/XObject << /I 5 0 R >> /Font << /F 6 0 R >>"
    return pdf([CATALOGUE, PAGES, page(width, height, resources, more), stream(content), stream(data, picture), font])


def write(name, data):
    (HERE / name).write_bytes(data)


def main():
    picture = scan()
    picture.save(HERE / "scan.png")
    data, photometric = group4(picture)
    grey = b"/ColorSpace /DeviceGray /BitsPerComponent 1 "
    black_is_1 = b"true" if photometric == 1 else b"false"
    ccitt = b"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns %d /Rows %d /BlackIs1 %s >>"
    write("ccitt.pdf", scanned(data, grey + ccitt % (WIDTH, HEIGHT, black_is_1)))
    # In JBIG2 black is 1, and Group 4's black runs are black: data of a picture that is stored white as 0.
    inverted = group4(ImageOps.invert(picture.convert("L")).convert("1"))[0] if photometric == 1 else data
    write("jbig2.pdf", scanned(jbig2(inverted), grey + b"/Filter /JBIG2Decode"))
    flate = zlib.compress(picture.convert("L").tobytes(), 9)
    words = b"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"
    write("flate.pdf", scanned(flate, words))
    write("turned.pdf", scanned(flate, words, b"/Rotate 90"))

    content = stream(b"0 0 1 rg 36 36 72 72 re f")
    drawn = pdf([CATALOGUE, PAGES, page(144, 216), content])
    write("drawn.pdf", drawn)
    write("truncated.pdf", drawn[: len(drawn) // 2])
    write("no-pages.pdf", pdf([CATALOGUE, b"<< /Type /Pages /Kids [] /Count 0 >>"]))
    write("huge-page.pdf", pdf([CATALOGUE, PAGES, page(2e7, 2e7), content]))
    write("page-tree-loop.pdf", pdf([CATALOGUE, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"]))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /X 5 0 R >> >>"
    loop = [CATALOGUE, PAGES, page(100, 100, b"/XObject << /X 5 0 R >>"), stream(b"/X Do"), stream(b"/X Do", form)]
    write("form-loop.pdf", pdf(loop))
    bomb = zlib.compress(zlib.compress(b" " * (512 << 20), 9), 9)
    packed = stream(bomb, b"/Filter [/FlateDecode /FlateDecode]")
    write("bomb.pdf", pdf([CATALOGUE, PAGES, page(100, 100), packed]))
    huge = b"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 60000 /Rows 60000 >>"
    words = b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 " + grey + huge
    shown = page(100, 100, b"/XObject << /I 5 0 R >>")
    write("huge-picture.pdf", pdf([CATALOGUE, PAGES, shown, stream(b"100 0 0 100 0 0 cm /I Do"), stream(b"\0" * 9, words)]))
    bad = b"/Type /XObject /Subtype /Image /Width 50 /Height 50 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"
    write("bad-picture.pdf", pdf([CATALOGUE, PAGES, shown, stream(b"100 0 0 100 0 0 cm /I Do"), stream(b"no JPEG", bad)]))
    encrypt = ["qpdf", "--static-id", "--static-aes-iv", "--encrypt", "secret", "owner", "256", "--"]
    subprocess.run([*encrypt, HERE / "drawn.pdf", HERE / "encrypted.pdf"], check=True)


main()
