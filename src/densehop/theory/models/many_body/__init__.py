"""Three bodies or more: tensor noise, its states and where they end."""
