"""A strict stand-in for DaVinci Resolve's scripting API, for tests without Resolve.

It imitates what `host/` calls, with every convention that the documents disagree on as a switch
(`Quirks`), records each call, and can let any one call fail. It draws no picture and plays nothing.
"""
