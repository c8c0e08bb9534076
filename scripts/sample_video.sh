#!/usr/bin/env bash
# Makes samples/video/street.mp4 of photos in samples/photos: a pan over parked cars, before which an astronaut
# passes by, with a quiet hiss. Both photos are in the public domain, and so is the clip.
set -euo pipefail
cd "$(dirname "$0")/.."

frames=200
# The camera goes right and back by a cosine, so that cars come in and leave on both sides.
pan="crop=640:360:x='(iw-640)/2*(1-cos(2*PI*n/$frames))':y='ih-360'"
# Head and shoulders, cut out as an ellipse with a soft edge.
ellipse="geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*clip(12*(1-hypot((X-W/2)/(W/2),(Y-H/2)/(H/2))),0,1)'"
astronaut="crop=300:400:70:0,scale=165:220,format=rgba,$ellipse"
# In from the left, out at the right, with a step's bounce.
pass="overlay=x='-165+4.1*n':y='135-5*abs(sin(n/8))':shortest=1"

mkdir -p samples/video
ffmpeg -v error -nostdin -y \
  -loop 1 -framerate 25 -i samples/photos/cars.jpg \
  -loop 1 -framerate 25 -i samples/photos/astronaut.jpg \
  -f lavfi -i "anoisesrc=color=brown:amplitude=0.04:seed=1:sample_rate=44100" \
  -filter_complex "[0]eq=gamma=1.5,scale=1280:-2,$pan[cars];[1]$astronaut[one];[cars][one]$pass,format=yuv420p[v]" \
  -map "[v]" -map 2:a -frames:v "$frames" -t 8 \
  -c:v libx264 -preset slow -crf 25 -c:a aac -b:a 48k -map_metadata -1 -fflags +bitexact -flags:v +bitexact \
  -flags:a +bitexact -movflags +faststart samples/video/street.mp4
