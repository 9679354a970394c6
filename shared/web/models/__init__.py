"""View models: what each template takes. Times are aware; texts are clear and may be shown.

Every page template takes `layout` (`models.layout.Layout`) and `page` (the model that its first
line names); every part of a first page takes `part` and `now`. Paths are always given, never built
by a template.
"""
