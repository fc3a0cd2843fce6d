"""The whole page: a header with tabs, controls at the side, the view beside them; its HTML, style and script."""
