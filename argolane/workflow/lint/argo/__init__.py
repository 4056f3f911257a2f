"""What Argo itself checks of a workflow when it is submitted or linted, in Argo's order and with its texts.

`workflow` is the way in; `templates`, `steps`, `dag`, `arguments` and `outputs` check one kind of thing each;
`base` holds the documents and their names, `names` the rules for names. The version is 3.7.
"""
