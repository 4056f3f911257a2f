"""An ONNX model and the native model's answers in, the checked bytes out.

Between training and the store: a model that answers otherwise after its export is never saved. OPSET and
IR_VERSION are older than what trainers write by themselves, so that the servers' ONNX Runtime can read them.
"""

import numpy as np
import onnx
import onnxruntime

from models.errors import ModelError

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-4
ROWS = 200


def checked(model: onnx.ModelProto, rows: np.ndarray, probabilities: np.ndarray) -> bytes:
    """`model`, which takes rows [n, features] and gives `probabilities` [n, classes], as bytes.

    Raises ModelError when it is not valid ONNX, or when its answers for the first 200 rows are further than
    1e-4 from the native model's.
    """
    model.ir_version = min(model.ir_version, IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if len(session.get_inputs()) != 1 or "probabilities" not in names:
        raise ModelError(f"The ONNX model has the outputs {names}; expected one input, and 'probabilities'.")
    batch = np.asarray(rows[:ROWS], np.float32)
    (answers,) = session.run(["probabilities"], {session.get_inputs()[0].name: batch})
    expected = np.asarray(probabilities[: len(batch)])
    if answers.shape != expected.shape:
        raise ModelError(f"The ONNX model answers {answers.shape}, the trained model {expected.shape}.")
    furthest = float(np.abs(answers - expected).max())
    if not furthest <= TOLERANCE:  # NaN is a difference, too
        raise ModelError(
            f"The ONNX model's probabilities are up to {furthest:.2g} from the trained model's on"
            f" {len(batch)} rows; expected at most {TOLERANCE:g}. Nothing was saved."
        )
    print(f"onnx: {len(content) / 1e6:.1f} MB, within {furthest:.1e} of the trained model.", flush=True)
    return content
