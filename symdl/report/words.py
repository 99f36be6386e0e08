"""The fixed words of reports and sheets, in English and Italian."""

from __future__ import annotations

from symdl.terms.results import Verdict

LANGUAGES = ("en", "it")

VERDICTS: dict[str, dict[Verdict, str]] = {
    "en": {
        Verdict.PROVED: "proved",
        Verdict.PROVED_UNDER: "proved under conditions",
        Verdict.REFUTED: "refuted",
        Verdict.REFUTED_OUTSIDE: "refuted outside its domain",
        Verdict.SUPPORTED: "supported",
        Verdict.DEFINITION: "definition",
        Verdict.UNDECIDED: "undecided",
        Verdict.UNREAD: "unread",
        Verdict.ILL_FORMED: "ill-formed",
    },
    "it": {
        Verdict.PROVED: "dimostrata",
        Verdict.PROVED_UNDER: "dimostrata sotto condizioni",
        Verdict.REFUTED: "confutata",
        Verdict.REFUTED_OUTSIDE: "confutata fuori dal dominio",
        Verdict.SUPPORTED: "sostenuta",
        Verdict.DEFINITION: "definizione",
        Verdict.UNDECIDED: "indecisa",
        Verdict.UNREAD: "non letta",
        Verdict.ILL_FORMED: "mal formata",
    },
}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "at": "at",
        "sizes": "sizes",
        "element": "element",
        "left": "left side",
        "right": "right side",
        "written": "as written",
        "known": "in the catalogue",
        "bits": "disjoint enclosures at {bits} bits",
        "radius": "radius below {radius}",
        "if": "true if",
        "see": "see",
        "help": "help",
        "write": "write",
        "hint": "hint",
        "error": "error",
        "not_judged": "not judged",
        "verbose": "--verbose lists them",
        "total": "total",
        "formulas": "formulas",
        "none": "no formulas found",
        "clean": "No mistake found in {k} formulas.",
        "clean_one": "No mistake found in one formula.",
        "wrong": "{k} of {n} formulas are wrong.",
        "wrong_one": "1 of {n} formulas is wrong.",
        "unreadable": "{k} files could not be read.",
        "unreadable_one": "1 file could not be read.",
        "interrupted": "Interrupted: the report is partial.",
        "internal": "Internal errors: {k}. Please report them; the formulas concerned are left undecided.",
        "variants": "Also written",
        "where": "where",
        "sources": "Sources",
        "contents": "Contents",
        "sheet": "Deep learning formulas",
    },
    "it": {
        "at": "in",
        "sizes": "dimensioni",
        "element": "elemento",
        "left": "lato sinistro",
        "right": "lato destro",
        "written": "come scritta",
        "known": "nel catalogo",
        "bits": "intervalli disgiunti a {bits} bit",
        "radius": "raggio sotto {radius}",
        "if": "vera se",
        "see": "vedi",
        "help": "aiuto",
        "write": "scrivi",
        "hint": "nota",
        "error": "errore",
        "not_judged": "non giudicate",
        "verbose": "--verbose le elenca",
        "total": "totale",
        "formulas": "formule",
        "none": "nessuna formula trovata",
        "clean": "Nessun errore trovato in {k} formule.",
        "clean_one": "Nessun errore trovato in una formula.",
        "wrong": "{k} formule su {n} sono sbagliate.",
        "wrong_one": "1 formula su {n} è sbagliata.",
        "unreadable": "{k} file non si possono leggere.",
        "unreadable_one": "1 file non si può leggere.",
        "interrupted": "Interrotto: il rapporto è parziale.",
        "internal": "Errori interni: {k}. Segnalateli, per favore; le formule in questione restano indecise.",
        "variants": "Scritta anche",
        "where": "dove",
        "sources": "Fonti",
        "contents": "Indice",
        "sheet": "Formule di deep learning",
    },
}


AGAINST_CATALOGUE = "SD702"
"""Code of formulas that contradict an entry: their witness compares what is written with what the entry says."""


def sides(code: str | None, lang: str) -> tuple[str, str]:
    """Returns what the two enclosures of a witness are called.

    Example:
        >>> sides("SD701", "en")
        ('left side', 'right side')
    """
    words = WORDS[lang]
    return (words["written"], words["known"]) if code == AGAINST_CATALOGUE else (words["left"], words["right"])


def counted(lang: str, word: str, k: int, n: int = 0) -> str:
    """Returns a phrase with a count in it, in its singular form where there is one.

    Example:
        >>> counted("en", "wrong", 1, 62)
        '1 of 62 formulas is wrong.'
    """
    words = WORDS[lang]
    text = words.get(f"{word}_one", words[word]) if k == 1 else words[word]
    return text.format(k=k, n=n)
