"""filmrestore in DaVinci Resolve: the menu script's parts, the renderer, the installer."""
