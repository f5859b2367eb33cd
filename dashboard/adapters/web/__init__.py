"""The dashboard's pages: templates, translations, built scripts and styles."""
