"""Parts of pages: charts, images, the phase diagram, download buttons."""
