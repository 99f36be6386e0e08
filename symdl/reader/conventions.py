r"""The table of notations: how the field spells things, one row each.

This is the place to teach the reader a notation: a relation, an operator, a function's name, a word that is
one name, a mark of time. The parser and the elaboration hold the grammar; what is spelled how stands here.
"""

from __future__ import annotations

# ---- commands that stand for a relation, an operator, a delimiter -----------------------------------------

RELATIONS = {
    "=": "=",
    ":=": ":=",
    ":": ":",
    "<": "<",
    ">": ">",
    r"\approx": "~=",
    r"\simeq": "~=",
    r"\cong": "~=",
    r"\asymp": "~=",
    r"\doteq": "=",
    r"\equiv": "===",
    r"\triangleq": ":=",
    r"\coloneqq": ":=",
    r"\coloneq": ":=",
    r"\leftarrow": ":=",
    r"\gets": ":=",
    r"\longleftarrow": ":=",
    r"\rightarrow": "->",
    r"\to": "->",
    r"\longrightarrow": "->",
    r"\hookrightarrow": "->",
    r"\xrightarrow": "->",
    r"\mapsto": "|->",
    r"\Rightarrow": "=>",
    r"\implies": "=>",
    r"\Longrightarrow": "=>",
    r"\iff": "<=>",
    r"\Leftrightarrow": "<=>",
    r"\Downarrow": "=>",
    r"\in": "in",
    r"\notin": "notin",
    r"\subset": "subset",
    r"\subseteq": "subset",
    r"\sim": "~",
    r"\propto": "propto",
    r"\le": "<=",
    r"\leq": "<=",
    r"\leqslant": "<=",
    r"\lt": "<",
    r"\gt": ">",
    r"\ge": ">=",
    r"\geq": ">=",
    r"\geqslant": ">=",
    r"\ne": "!=",
    r"\neq": "!=",
    r"\ll": "<<",
    r"\gg": ">>",
    r"\lesssim": "<~",
    r"\gtrsim": ">~",
    r"\preceq": "preceq",
    r"\succeq": "succeq",
    r"\perp": "perp",
}
"""Spelling -> relation as `symdl.terms.formula.Statement.relations` names it."""

MULTIPLICATIVE = {
    "*": "*",
    "/": "/",
    "@": "@",
    r"\cdot": "cdot",
    r"\bullet": "cdot",
    r"\times": "times",
    r"\odot": "odot",
    r"\circ": "odot",
    r"\bigodot": "odot",
    r"\otimes": "otimes",
    r"\ast": "conv",
    r"\star": "conv",
    r"\circledast": "conv",
    r"\div": "/",
    r"\bmod": "mod",
    r"\mod": "mod",
    r"\oplus": "oplus",
    r"\setminus": "setminus",
}
ADDITIVE = {
    "+": "+",
    "-": "-",
    r"\pm": "pm",
    r"\mp": "mp",
    r"\cup": "cup",
    r"\cap": "cap",
    r"\wedge": "and",
    r"\land": "and",
    r"\vee": "or",
    r"\lor": "or",
}
OPENERS = {
    "(": "(",
    "[": "[",
    r"\{": "{",
    r"\lbrace": "{",
    r"\lbrack": "[",
    r"\langle": "langle",
    r"\lfloor": "floor",
    r"\lceil": "ceil",
    r"\lvert": "|",
    r"\lVert": "||",
}
CLOSERS = {
    ")": ")",
    "]": "]",
    r"\}": "}",
    r"\rbrace": "}",
    r"\rbrack": "]",
    r"\rangle": "langle",
    r"\rfloor": "floor",
    r"\rceil": "ceil",
    r"\rvert": "|",
    r"\rVert": "||",
}
BARS = {"|": "|", r"\|": "||", r"\vert": "|", r"\Vert": "||", r"\mid": "mid", r"\parallel": "||"}
PARTNERS = {
    "(": (")", "]"),
    "[": ("]", ")", "["),
    "{": ("}",),
    "langle": ("langle",),
    "floor": ("floor",),
    "ceil": ("ceil",),
    "|": ("|",),
    "||": ("||",),
}
"""Opening delimiter -> what may close it; intervals mix round and square ones."""

SPACING = frozenset(
    r"""\, \; \: \! \  \/ \> ~ \displaystyle \textstyle \scriptstyle \limits \nolimits \nonumber \notag \small
    \scriptsize \footnotesize \large \normalsize \bf \rm \it \mathstrut \strut \relax \hfill \null \centering
    \boldmath \allowbreak \noindent \big \Big \bigg \Bigg""".split()
) | {"\\ "}
WIDE = frozenset({r"\quad", r"\qquad"})
BIG = {
    r"\sum": "sum",
    r"\prod": "prod",
    r"\int": "int",
    r"\iint": "int",
    r"\oint": "int",
    r"\lim": "lim",
    r"\bigcup": "union",
    r"\bigcap": "intersection",
    r"\coprod": "coprod",
    r"\bigoplus": "oplus",
}
FONTS = {
    r"\mathbf": "bf",
    r"\boldsymbol": "bf",
    r"\bm": "bf",
    r"\pmb": "bf",
    r"\bold": "bf",
    r"\mathcal": "cal",
    r"\mathscr": "cal",
    r"\cal": "cal",
    r"\mathbb": "bb",
    r"\mathds": "bb",
    r"\mathfrak": "fr",
}
UPRIGHT = frozenset(r"\mathrm \mathit \mathsf \mathtt \operatorname \operatorname* \mathop \mathnormal \mathup".split())
TEXTUAL = frozenset(
    r"\text \textrm \textbf \textit \textsf \texttt \textnormal \textsc \mbox \hbox \emph \intertext".split()
)
ACCENTS = {
    r"\hat": "hat",
    r"\widehat": "hat",
    r"\tilde": "tilde",
    r"\widetilde": "tilde",
    r"\bar": "bar",
    r"\overline": "bar",
    r"\vec": "vec",
    r"\overrightarrow": "vec",
    r"\overleftarrow": "vecleft",
    r"\dot": "dot",
    r"\ddot": "ddot",
    r"\check": "check",
    r"\breve": "breve",
    r"\acute": "acute",
    r"\mathring": "ring",
    r"\underline": "bar",
}
GREEK = frozenset(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
    varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi
    Omega ell hbar imath jmath""".split()
)
SYMBOLS = {
    **{"\\" + name: name for name in GREEK},
    r"\infty": "infty",
    r"\nabla": "nabla",
    r"\partial": "partial",
    r"\top": "top",
    r"\intercal": "top",
    r"\prime": "prime",
    r"\emptyset": "emptyset",
    r"\varnothing": "emptyset",
    r"\forall": "forall",
    r"\exists": "exists",
    r"\neg": "neg",
    r"\lnot": "neg",
    r"\dagger": "dagger",
    r"\dag": "dagger",
    r"\bot": "bot",
    r"\square": "square",
    r"\blacksquare": "square",
    r"\checkmark": "checkmark",
    r"\Re": "Re",
    r"\Im": "Im",
    r"\aleph": "aleph",
    r"\therefore": "therefore",
    r"\because": "because",
    r"\#": "number",
    r"\%": "percent",
    r"\$": "dollar",
}
DOTS = frozenset(r"\dots \ldots \cdots \vdots \ddots \dotsc \dotsb \dotsm \hdots \ldotp".split())
WORD_COMMANDS = frozenset(
    r"""\log \ln \lg \exp \sin \cos \tan \cot \sec \csc \sinh \cosh \tanh \coth \arcsin \arccos \arctan \max \min
    \sup \inf \arg \argmax \argmin \det \dim \ker \gcd \Pr \hom \deg \tr \Tr \rank \diag \sign \softmax \sigmoid \relu
    \ReLU \erf \KL \E \Var \Cov \limsup \liminf""".split()
)
UNICODE = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split(), strict=True)),  # noqa: E501
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩϵϑφℓ", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega epsilon vartheta varphi ell".split(), strict=True)),  # noqa: E501
    **dict(zip("∂∇∞∑∏·×÷⊙⊗∘≤≥≠≈∈∼→←⇒−∗", "partial nabla infty sum prod cdot times div odot otimes circ le ge ne approx in sim to gets Rightarrow - ast".split(), strict=True)),  # noqa: E501
}  # fmt: skip
"""Characters that stand for a command (without the backslash), except the minus sign."""

ROW_ENVIRONMENTS = frozenset(
    "aligned align split gathered gather equation alignedat alignat eqnarray multline flalign displaymath math".split()
)
TABLE_ENVIRONMENTS = frozenset(
    "cases rcases dcases array matrix pmatrix bmatrix vmatrix Vmatrix Bmatrix smallmatrix".split()
)
TWO_ARGUMENTS = frozenset({"alignedat", "alignat"})

DAMAGED = {
    "egin": r"\begin",
    "oldsymbol": r"\boldsymbol",
    "rac": r"\frac",
    "ext": r"\text",
    "ar": r"\bar",
    "ilde": r"\tilde",
    "imes": r"\times",
    "heta": r"\theta",
    "abla": r"\nabla",
}
"""What is left of a command whose backslash and first letter were swallowed as a control character."""

# ---- words -------------------------------------------------------------------------------------------------

WORDS = frozenset(
    """np sum axis keepdims True False exp log sin cos tan tanh max min arg argmax argmin softmax sigmoid relu ReLU RELU
    Relu GELU SiLU SELU ELU Tanh Si So LR lr fan in out new old prev next loss cost Cost Loss MSE MAE RMSE BCE CE NLL KL
    JS IoU ELBO PPL TP FP TN FN TPR FPR bn LN BN std var Var VAR Cov cov mean median Norm norm clip sign sgn diag tr Tr
    det rank erf sinc id MLP FFN CNN RNN LSTM GRU Dice head concat Concat cat bias weight gain input output data test
    train lambd eps wd PE MH PSNR BLEU FID SSIM Acc Prec Rec AUC ROC GAN VAE SGD WGAN dim vec eig pred true real fake
    gen disc rec reg tot pos len num avg obs ref emb seq sim FL RMS MCC NPV PPV FNR TNR FDR MAPE SMAPE RMSLE MSLE ECE BS
    JSD KLD TV SNR NDCG MRR MAP CRPS LSE AIC BIC ADAM MHA MSA GeLU SwiGLU GLU BIC FLOPs LoRA DPO PPO GAE""".split()
)
"""Letters in a row that are one name; a run of four or more letters is one anyway."""

REMARKS = frozenset(
    """if where with and or for otherwise else then from see hence is when such that so since because thus therefore
    con dove se altrimenti e o per quindi allora quando tale che oppure poi da sia ossia cioe ovvero also let given
    as to of the""".split()
)
"""A ``\\text`` of one of these words is a remark, never a name."""

OTHERWISE = ("otherwise", "altrimenti", "else", "elsewhere", "altrove", "negli altri casi")
TRUTH_WORDS = {"and": "and", "e": "and", "or": "or", "o": "or", "oppure": "or"}

# ---- letters and what they usually are --------------------------------------------------------------------

ALWAYS_FUNCTIONS = frozenset(
    "f g h sigma phi varphi psi Phi calL J L Omega ell calJ calN calF calU calD varsigma Psi".split()
)
"""Letters that are functions wherever an argument list follows, unless it contains the letter itself."""

SOMETIMES_FUNCTIONS = frozenset(
    """G F p q P U D E R S N V Q H I K T A C M k a b c s delta rho pi mu Sigma Gamma Psi u v r z l bbP bbE bbV calH calR
    calG calA calC calS calT calE calV calQ calM calB""".split()
)
"""Letters that are functions if the argument is one plain name, or a list."""

ACCENTED_FUNCTIONS = frozenset("y p f x q g h".split())
RATES = frozenset("alpha beta gamma eta lambda mu epsilon varepsilon rho tau kappa omega w x y m n t i j N".split())
"""Letters that multiply a parenthesis, whatever stands in it."""

SIGMOID_LETTERS = frozenset({"sigma"})
ACTIVATIONS = frozenset("sigma phi psi varphi g delta".split())
LOSSES = frozenset("calL L J E C ell calJ Loss loss Cost cost calE l R calR F".split())
PARAMETER_MARKS = frozenset("theta phi psi w omega vartheta varphi Theta".split())
"""A letter with one of these as a subscript is a parametrised function: ``f_\\theta(x)``."""

STATISTICS = {
    "E": "E()",
    "bbE": "E()",
    "Var": "Var()",
    "VAR": "VAR()",
    "bbV": "Var()",
    "var": "var()",
    "Cov": "Cov()",
    "cov": "Cov()",
    "std": "std()",
    "RMS": "RMS()",
    "Std": "Std()",
}
SUM_INDICES = "ijkhnlmpqrsabctd"
"""Letters a sum without a limit may run over, likeliest first."""

INDEX_LETTERS = frozenset("ijk")
TIME_LETTERS = frozenset({"t", "tau"})
LAYER_LETTERS = frozenset({"l", "ell"})
STEP_LETTERS = frozenset({"t", "tau", "k", "n", "m", "i", "s", "T"})
MARKS = {
    "old": "prev",
    "prev": "prev",
    "previous": "prev",
    "vecchio": "prev",
    "precedente": "prev",
    "new": "cur",
    "nuovo": "cur",
    "curr": "cur",
    "current": "cur",
    "next": "next",
}
TRANSPOSE = frozenset({"T", "top"})
LABELS = {
    **dict.fromkeys("WUbw", frozenset("QKVO")),
    **dict.fromkeys("VQAJG", frozenset({"pi"})),
}
"""Name -> superscripts that are labels: the projections of attention, the policy of a value function."""
LAYERED = frozenset("a z delta W b w sigma".split())
"""Names on which a superscript ``L`` is the last layer."""
PROBABILITIES = frozenset("p P q Q Pr bbP pi".split())
"""Letters that name a different function for every argument list: ``p(x)``, ``p(y)``, ``p(x|y)``."""
DISTRIBUTIONS = frozenset("calU U calN N".split())
NUMBER_SETS = frozenset({"bbR", "bbN", "bbZ", "bbC", "bbQ"})
SET_LETTERS = frozenset("I H B D S N V C Y T A G E K".split())
"""Bars around one of these, or around a calligraphic letter, are the size of a set."""

FUNCTION_WORDS = {
    "ln": "log",
    "lg": "log",
    "sgn": "sign",
    "Softmax": "softmax",
    "Tr": "trace",
    "tr": "trace",
    "trace": "trace",
    "det": "det",
    "diag": "diag",
    "arg": "arg",
    "logsumexp": "logsumexp",
    "LogSumExp": "logsumexp",
    "LSE": "logsumexp",
    "clip": "clip",
    "Clip": "clip",
    "mean": "mean",
    "norm": "norm",
    "Pr": "",
    "E": "",
}
"""Words whose name in catalogue notation is another one; all others are asked of the function table."""

ARRAY_WORDS = frozenset("softmax trace det logdet diag logsumexp clip mean vec std var argmax argmin".split())
NUMPY = {
    "np.sum": "sum",
    "np.mean": "mean",
    "np.max": "max",
    "np.min": "min",
    "np.exp": "exp",
    "np.log": "log",
    "np.sqrt": "sqrt",
    "np.tanh": "tanh",
    "np.abs": "abs",
    "np.dot": "dot",
    "np.matmul": "dot",
    "np.maximum": "maximum",
    "np.minimum": "minimum",
    "np.square": "square",
    "np.multiply": "multiply",
}


def is_word(run: str, called: bool) -> bool:
    """Whether letters in a row are one name rather than a product of letters.

    Args:
        run: the letters.
        called: whether an opening parenthesis follows at once.

    Example:
        >>> is_word("dW", False), is_word("xy", False), is_word("neurons", False), is_word("QK", False)
        (True, False, True, False)
    """
    if run in WORDS:
        return True
    if len(run) == 2 and run[0] == "d":
        return True
    if len(run) < 3:
        return False
    if called and run not in ("abc", "xyz"):
        return True
    return len(run) >= 4 and not run.isupper()
