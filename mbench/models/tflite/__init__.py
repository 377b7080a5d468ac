"""From a Keras model to a verified .tflite file: conversion, calibration, quantization."""
