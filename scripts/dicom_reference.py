"""Compares frames that `vision dicom check --png` wrote with what pydicom and Pillow show of the same files.

    dicom_reference.py FOLDER-OF-PNG DICOM-FILE...

Prints a JSON line a frame: the greatest and the mean difference of an 8-bit sample. Files that pydicom cannot decode
without other libraries are left out.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.pixels.processing import convert_color_space

warnings.simplefilter("ignore")


def shown(ds, n):
    """Frame `n` as 8-bit RGB, by the rules of PS3.3 as pydicom has them."""
    several = int(ds.get("NumberOfFrames", 1) or 1) > 1
    photometric = ds.PhotometricInterpretation
    if photometric in ("MONOCHROME1", "MONOCHROME2"):
        stored = pixel_array(ds, index=n, raw=True) if several else ds.pixel_array
        values = apply_modality_lut(stored, ds).astype(float)
        if ds.get("WindowWidth") is not None:
            centre, width = (np.ravel(ds[key].value)[0] for key in ("WindowCenter", "WindowWidth"))
            x = values - (float(centre) - 0.5)
            bright = np.clip(x / (float(width) - 1) + 0.5, 0, 1)
            if ds.get("VOILUTFunction", "LINEAR") != "LINEAR":
                raise NotImplementedError(ds.VOILUTFunction)
        elif ds.BitsStored == 8 and ds.get("RescaleSlope") is None:
            bright = values / 255
        else:
            low, high = values.min(), values.max()
            bright = (values - low) / (high - low) if high > low else values * 0
        if photometric == "MONOCHROME1":
            bright = 1 - bright
        return np.repeat(np.floor(bright * 255 + 0.5)[..., None], 3, 2)
    if photometric == "PALETTE COLOR":
        colours = apply_color_lut(ds.pixel_array, ds)
        return colours >> 8 if colours.dtype == np.uint16 else colours
    # pydicom turns YBR into RGB here.
    colours = pixel_array(ds, index=n, raw=False) if several else pixel_array(ds, raw=False)
    # In floating point, because the numbers have up to 32 bits.
    return np.floor(colours.astype(float) / 2.0 ** (ds.BitsStored - 8))


def main():
    folder = pathlib.Path(sys.argv[1])
    for path in map(pathlib.Path, sys.argv[2:]):
        found = sorted(folder.glob(f"{path.name}.[0-9][0-9][0-9][0-9].png"))
        ds = pydicom.dcmread(path, force=True)
        for n, picture in enumerate(found):
            try:
                expected = shown(ds, n)
            except Exception as error:  # whatever pydicom cannot do is no reference
                print(json.dumps({"file": path.name, "left-out": str(error)[:100]}))
                break
            ours = np.asarray(Image.open(picture)).astype(float)
            difference = np.abs(ours - expected)
            print(json.dumps({
                "file": path.name, "frame": n, "greatest": float(difference.max()),
                "mean": float(difference.mean()),
            }))


main()
