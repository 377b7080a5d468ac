"""Mutation testing of the modules that decide about numbers: does a test fail when their code is changed?"""
