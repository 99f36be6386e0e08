"""Formulas as NumPy functions: shapes, types, and what becomes of input that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

import symdl
from symdl.errors import NotSupported

RNG = np.random.default_rng(2)


@pytest.fixture(scope="module")
def f():
    made = {}

    def get(id, *grad):
        if (id, grad) not in made:
            made[id, grad] = symdl.formula(id).numpy(grad=grad)
        return made[id, grad]

    return get


def test_a_function_with_its_source_and_its_evidence(f):
    softmax = f("softmax_cross_entropy", "z")
    assert softmax.arguments == ("z", "y") and softmax.__name__ == "softmax_cross_entropy"
    assert "def softmax_cross_entropy_with_grad(z, y):" in softmax.source
    assert all(e.facts["passed"] for e in softmax.evidence) and len(softmax.evidence) == 4
    assert [e.facts["points"] for e in softmax.verify(3)] == [3, 3, 3, 3]
    value, d_z = softmax(y=np.array([0.0, 1.0]), z=np.array([1.0, 1.0]))
    assert value == pytest.approx(np.log(2)) and np.allclose(d_z, [0.5, -0.5])
    assert "emit softmax_cross_entropy --grad z" in repr(softmax)
    with pytest.raises(NotSupported):
        symdl.formula("argmax_decision").numpy()


@pytest.mark.parametrize("id", ["sigmoid", "relu", "gelu", "elu", "softplus", "hard_tanh", "swish", "mish"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_types_are_kept(id, dtype, f):
    g = f(id, "x")
    x = np.linspace(-2, 2, 9).astype(dtype)
    args = [x] + [dtype(1)] * (len(g.arguments) - 1)
    value, slope = g(*args)
    assert value.dtype == slope.dtype == dtype
    wide = g(*(np.asarray(a, dtype=np.float64) for a in args))
    assert np.allclose(value, wide[0], rtol=8 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("id", "shapes"), [("mse", [(5,), (5,)]), ("softmax", [(4,)]), ("layer_norm", None)])
def test_float32_arrays_stay_float32(id, shapes, f):
    g = f(id)
    point = [np.float32(1.0) for _ in g.arguments] if shapes is None else [np.ones(s, np.float32) for s in shapes]
    if shapes is None:
        from symdl.testing import Domain, draw_points

        drawn = draw_points(Domain.of(symdl.formula(id), g), 1)[0]
        point = [np.asarray(drawn[n], dtype=np.float32) for n in g.arguments]
    assert g(*point).dtype == np.float32


def test_broadcasting_zero_dimensions_and_strides(f):
    g = f("leaky_relu", "x")
    x, a = RNG.normal(size=(4, 1)), np.array([0.1, 0.2, 0.3])
    assert g(x, a)[0].shape == (4, 3)
    assert g(1.5, 0.1)[0] == 1.5 and np.ndim(g(-1.5, 0.1)[1]) == 0
    assert f("sigmoid")(np.array(0.0)) == 0.5
    big = RNG.normal(size=(6, 8))
    for view in (big[::2, ::-1], big.T, np.asfortranarray(big), np.broadcast_to(big[0], (3, 8))):
        assert np.array_equal(f("softplus")(view), f("softplus")(np.ascontiguousarray(view)))


def test_empty_arrays(f):
    value, slope = f("sigmoid", "x")(np.zeros((0, 3)))
    assert value.shape == slope.shape == (0, 3)
    with pytest.raises(ValueError, match="zero-size"):
        f("softmax")(np.zeros(0))


def test_axes_in_front_are_a_batch(f):
    g = f("softmax_cross_entropy", "z")
    z, y = RNG.normal(size=(2, 3, 4)), np.eye(4)[[0, 2, 1]]
    value, d_z = g(z, y)
    assert value.shape == (2, 3) and d_z.shape == (2, 3, 4)
    for i in range(2):
        for j in range(3):
            one, slope = g(z[i, j], y[j])
            assert value[i, j] == one and np.array_equal(d_z[i, j], slope)
    with pytest.raises(ValueError, match=r"axes in front do not fit: z \(2,\), y \(3,\)"):
        g(z[:, 0], np.ones((3, 4)))


def test_shape_errors_name_the_symbol_and_both_sizes(f):
    with pytest.raises(ValueError, match=r"axis K is 3 in y, but 4 in z"):
        f("softmax_cross_entropy")(np.zeros(4), np.ones(3))
    with pytest.raises(ValueError, match=r"z has shape \(\), expected \(K\)"):
        f("softmax_cross_entropy")(1.0, np.ones(3))


def test_complex_and_foreign_input_is_refused(f):
    for x in (1j, np.array([1.0 + 0j]), np.complex64(1)):
        with pytest.raises(TypeError, match="x is complex"):
            f("sigmoid")(x)
    with pytest.raises(TypeError, match="holds <U1, not numbers"):
        f("sigmoid")(np.array(["a"]))
    with pytest.raises(TypeError, match="z is complex"):
        f("softmax")(np.array([1j, 0]))


def test_integers_booleans_and_lists_become_floats(f):
    assert f("sigmoid")(0) == 0.5 and f("sigmoid")([0, 0]).tolist() == [0.5, 0.5]
    whole = np.array([10**7, -3], dtype=np.int64)
    assert f("gaussian_activation")(whole).tolist() == [0.0, pytest.approx(np.exp(-9.0))]
    assert f("mse")([1, 2, 4], [0, 2, 1]) == pytest.approx(10 / 3)
    assert f("mse")(np.array([True, False]), np.array([False, False])) == 0.5
    assert f("relu", "x")(np.array([3, -1]))[0].dtype == np.float64


@pytest.mark.parametrize(
    "id", ["sigmoid", "relu", "gelu", "elu", "softplus", "hard_tanh", "swish", "hard_sigmoid", "selu"]
)
def test_nan_is_never_hidden(id, f):
    g = f(id, "x")
    args = [np.array([np.nan, 1.0])] + [1.0] * (len(g.arguments) - 1)
    for out in g(*args):
        assert np.isnan(out[0]) and np.isfinite(out[1])


def test_infinity_is_carried_through(f):
    with np.errstate(all="ignore"):
        assert f("softplus")(np.array([np.inf, -np.inf])).tolist() == [np.inf, 0.0]
        assert f("sigmoid")(np.array([np.inf, -np.inf])).tolist() == [1.0, 0.0]
        assert f("relu")(np.inf) == np.inf
        assert np.isnan(f("softmax")(np.array([np.inf, 0.0]))).all()


def test_a_logarithm_of_what_is_not_positive_is_nan_or_infinite(f):
    half = np.array([0.5, 0.5])
    with np.errstate(all="ignore"):
        assert f("kl_divergence")(half, np.array([1.0, 0.0])) == np.inf
        assert np.isnan(f("kl_divergence")(half, np.array([1.5, -0.5])))
    with pytest.warns(RuntimeWarning):
        f("kl_divergence")(half, np.array([1.5, -0.5]))


def test_nothing_is_changed_in_place(f):
    z, y = RNG.normal(size=5), np.ones(5) / 5
    before = z.copy(), y.copy()
    _, d_z = f("softmax_cross_entropy", "z")(z, y)
    d_z += 1.0  # what comes out is one's own
    assert np.array_equal(z, before[0]) and np.array_equal(y, before[1])
    x = np.ones(3)
    for out in f("relu", "x")(x):
        out *= 2.0
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_mask_that_masks_everything_gives_nan():
    from symdl.codegen import load
    from symdl.codegen.to_numpy import emit
    from symdl.notation import strict
    from symdl.terms.formula import Entry, Form, Role

    roles = {"m": Role("m", "binary", ("n",), ("m",)), "z": Role("z", "real", ("n",), ("z",))}
    form = Form("canonical", strict.program("s[i] = m[i] * exp(z[i]) / sum(m[j] * exp(z[j]), j)"), roles=roles)
    g = load(emit(Entry("masked", "t", {"en": "t"}, (), (), roles, (form,))))["masked"]
    with np.errstate(all="ignore"):
        assert np.isnan(g(np.zeros(3), np.ones(3))).all()
    assert g(np.array([1, 0, 1]), np.array([1000.0, 5000.0, 1000.0])).tolist() == [0.5, 0.0, 0.5]
