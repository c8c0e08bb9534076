#!/usr/bin/env python3
"""tests/faces/astronaut.png: a face cut out as insightface's `norm_crop` does it, written from its definition
(similarity of scikit-image, warpAffine of OpenCV), by the points that FaceDetectorYN finds."""

import cv2
import numpy as np
from skimage.transform import SimilarityTransform

import common

TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
                     [70.7299, 92.2041]])
picture = cv2.imread(str(common.ROOT / "samples/photos/astronaut.jpg"))
height, width = picture.shape[:2]
net = cv2.FaceDetectorYN.create(str(common.shared("models/yunet-n-dynamic.onnx")), "", (width, height), 0.5, 0.3, 5000)
points = net.detect(picture)[1][0][4:14].reshape(5, 2)
way = SimilarityTransform.from_estimate(points, TEMPLATE).params[:2]
face = cv2.warpAffine(picture, way, (112, 112), borderValue=0)
cv2.imwrite(str(common.ROOT / "tests/faces/astronaut.png"), face, [cv2.IMWRITE_PNG_COMPRESSION, 9])
# Of src/geometry/landmarks.rs.
rounded = np.array([[203.44, 103.82], [247.82, 104.36], [224.70, 127.86], [204.40, 143.33], [243.49, 143.65]])
print(SimilarityTransform.from_estimate(rounded, TEMPLATE).params)
