"""The installed public predictors of LightGBM models. LightGBM itself is always installed.

benchmarks/requirements.txt lists the others. Each predictor uses one thread.
"""

import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from benchmarks.speed.limit.tree_rows import Rows

Predict = Callable[[Rows], npt.NDArray[np.floating[Any]]]
LIGHTGBM = "LightGBM"
COMPILERS = ("gcc", "clang")
ONNX_OPERATORS = 15  # version of the operators; trees need no later version


def predictors(file: Path) -> Iterator[tuple[str, Predict]]:
    """Yield each installed predictor of a model.

    Args:
        file: Model file of LightGBM.

    Yields:
        Name of the predictor, and its function.
    """
    model = lgb.Booster(model_file=file)
    yield LIGHTGBM, lambda rows: np.asarray(model.predict(rows, num_threads=1))
    if _installed("onnxruntime", "onnxmltools", "skl2onnx"):
        yield "ONNX Runtime", _onnx_runtime(model)
    if _installed("treelite"):
        yield "treelite", _treelite(file)
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler and _installed("treelite", "tl2cgen"):
        with tempfile.TemporaryDirectory(prefix="trees-") as folder:
            yield "TL2cgen", _compiled(file, Path(folder) / "trees.so", compiler)


def _onnx_runtime(model: lgb.Booster) -> Predict:
    import onnxruntime
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("rows", FloatTensorType([None, model.num_feature()]))]
    converted = convert_lightgbm(model, initial_types=inputs, target_opset=ONNX_OPERATORS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(converted.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda rows: np.asarray(session.run(None, {"rows": rows})[0]).ravel()


def _treelite(file: Path) -> Predict:
    import treelite

    model = treelite.frontend.load_lightgbm_model(file)
    return lambda rows: np.asarray(treelite.gtil.predict(model, rows, nthread=1)).ravel()


def _compiled(file: Path, library: Path, compiler: str) -> Predict:
    import tl2cgen
    import treelite

    tl2cgen.export_lib(treelite.frontend.load_lightgbm_model(file), toolchain=compiler, libpath=library)
    predictor = tl2cgen.Predictor(library, nthread=1)
    return lambda rows: np.asarray(predictor.predict(tl2cgen.DMatrix(rows, dtype="float32"))).ravel()


def _installed(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) for module in modules)
