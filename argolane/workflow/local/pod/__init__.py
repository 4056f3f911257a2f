"""An order for one pod in, its result out: what a kubelet and Argo's executor do, without a cluster.

`kubelet` goes through the pod's life. `files` (with `artifacts`, `archives`, `checkout`) lays out what
containers see, `containers` starts them, `streams` waits for their ends and takes their output, `stopping`
ends them early. `exits` says what their exit codes make of the pod, `outputs` what the template hands on.
"""
