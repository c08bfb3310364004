#!/bin/sh
# Stands for a compiler: how the protocol tells of one needs none. It makes a program of the text, unless that has the word `broken`.
if grep -q broken main.cpp; then echo "main.cpp:1: broken" >&2; exit 1; fi
if grep -q endless main.cpp; then sleep 60; fi
cp main.cpp main
chmod +x main
