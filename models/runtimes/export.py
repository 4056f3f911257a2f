"""An ONNX graph in, the bytes of a model.onnx out that the servers' ONNX Runtime can read.

OPSET and IR_VERSION are older than what trainers write by themselves.
"""

import onnx

OPSET = 17
IR_VERSION = 8


def packed(model: onnx.ModelProto) -> bytes:
    """Raises onnx.checker.ValidationError when it is not valid ONNX."""
    model.ir_version = min(model.ir_version, IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content
