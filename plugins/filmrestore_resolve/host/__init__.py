"""What Resolve itself runs: standard library only, for Pythons 3.6 to 3.14, and no `__file__`.

`filmrestore_resolve.menu_script` joins these modules into the one file that stands in Resolve's
menu; `filmrestore resolve run` uses them as they are.
"""
