"""The console's look: templates, assets, words, and the view models that services fill."""
