"""Makes tests/dicom/encoded: small pictures as JPEG XL and HTJ2K in DICOM, encoded by imagecodecs, and the sums of what
was encoded.

    pip install numpy pydicom imagecodecs
    scripts/dicom_encoded.py tests/dicom/encoded
"""

import hashlib
import json
import pathlib
import sys

import imagecodecs
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

FOLDER = pathlib.Path(sys.argv[1])
HTJ2K, LOSSLESS, LOSSY, J2K = (f"1.2.840.10008.1.2.4.{n}" for n in (201, 110, 112, "90\0"))


def write(name, pixels, syntax, stream, photometric, stored=None):
    """One file; returns the digest of the stored values."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    # pydicom knows no JPEG XL; the name is replaced below by one of the same length.
    meta.TransferSyntaxUID = HTJ2K
    ds = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    bits = pixels.dtype.itemsize * 8
    stored = stored or bits
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, stored, stored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PhotometricInterpretation = photometric
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    path = FOLDER / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(HTJ2K.encode(), syntax.encode(), 1))
    return {"sum": int(pixels.astype(np.int64).sum()), "sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}


def main():
    random = np.random.default_rng(1)
    slope = np.add.outer(np.arange(40), np.arange(50))
    g8 = (slope * 2 + random.integers(0, 9, slope.shape)).astype(np.uint8)
    g16 = (slope * 700 + random.integers(0, 99, slope.shape)).astype(np.uint16)
    rgb = np.stack([g8, 255 - g8, g8 // 2], -1)
    jxl, grey = imagecodecs.jpegxl_encode, "MONOCHROME2"
    # Signed, 12 bits stored, as two's complement in streams of 15 bits, and one that holds more than 12.
    s12 = (slope * 40 - 1500).astype(np.int16)
    j15 = lambda values: imagecodecs.jpeg2k_encode(values, bitspersample=15, reversible=True, codecformat="j2k")
    sums = {
        "g8": write("g8", g8, LOSSLESS, jxl(g8, lossless=True), grey),
        "g16": write("g16", g16, LOSSLESS, jxl(g16, lossless=True), grey),
        "rgb": write("rgb", rgb, LOSSLESS, jxl(rgb, lossless=True), "RGB"),
        "rgblossy": write("rgblossy", rgb, LOSSY, jxl(rgb, lossless=False, level=90), "RGB"),
        "g8lossy": write("g8lossy", g8, LOSSY, jxl(g8, lossless=False, level=90), grey),
        "ht16": write("ht16", g16, HTJ2K, imagecodecs.htj2k_encode(g16), grey),
        "s12in15": write("s12in15", s12, J2K, j15(s12.astype(np.uint16) & 0xFFF), grey, 12),
        "more15": write("more15", s12, J2K, j15(s12.astype(np.uint16) & 0xFFF | 0x3000), grey, 12),
        "htrgb": write("htrgb", rgb, HTJ2K, imagecodecs.htj2k_encode(rgb), "YBR_RCT"),
    }
    (FOLDER / "sums.json").write_text(json.dumps(sums, indent=1))


main()
