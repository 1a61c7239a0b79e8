"""Abbreviations whose full stop does not end a sentence, by language.

Written without the final stop and compared case-folded. A language that is missing here has what
the sentence splitter itself knows.
"""

from typing import Final

import msgspec


class Abbreviations(msgspec.Struct, frozen=True):
    """What a stop after a word means in one language.

    `leading` stand before what they belong to (titles, references), so the sentence goes on.
    `counting` do so only before a number. `trailing` may end a sentence; it goes on when the next
    word begins with a small letter.
    """

    leading: frozenset[str]
    counting: frozenset[str]
    trailing: frozenset[str]


def _of(*, leading: str, counting: str, trailing: str) -> Abbreviations:
    return Abbreviations(
        frozenset(leading.split()), frozenset(counting.split()), frozenset(trailing.split())
    )


NONE: Final = _of(leading="", counting="", trailing="")

ABBREVIATIONS: Final[dict[str, Abbreviations]] = {
    "de": _of(
        leading="""abb abs allg bd betr bes bspw bzgl bzw ca d.h dgl dipl dipl.-ing dr evtl fa
        fam fr geb gem ggf hr hrn hrsg inkl ing insb jh kath lt max mind mio mr mrd mrs
        nachm o.ä od p.a prof s.a s.o s.u sog st str tel u.a u.u ung v.a vgl vorm z.b z.t zb
        zzgl""",
        counting="abb abs art bd bl fig kap nr pos s tab tel tz zi ziff § §§",
        trailing="etc usw usf z.hd m.e a.d o.g n.chr v.chr",
    ),
    "en": _of(
        leading="""adm approx asst brig capt cf cmdr col cpl dept dr e.g eg est gen gov hon i.e ie
        lt maj mr mrs ms msgr mt mx prof rep rev sen sgt st supt viz vs""",
        counting="art ch eq fig figs max min no nos p para pp ref sec tel vol vols ver",
        trailing="""a.m ave bldg blvd co corp etc ft inc jr ltd p.m rd sq sr u.k u.s u.s.a d.c
        d.o.b et al""",
    ),
    "es": _of(
        leading="""admón ant art av avda bco c.f cap cf ch col cta d dª dcha depto dña doc dr dra
        ed edo excmo excma fdo fig gral ing izq izqda lic ma máx mín mtro núm p.ej pág págs pbro
        pdte pról prof profa pza s.m sgto sr sra sres srta sta sto ud uds vd vds""",
        counting="art cap fig n no nº núm núms p pág págs pp tel tlf tomo vol",
        trailing="a.c d.c a.m etc ee.uu p.m s.a s.l",
    ),
    "fr": _of(
        leading="""adj apr ap.j-c av av.j-c bd c.-à-d cf chap coll dir doct dr éd env ex exc fig
        hab ing m me mgr mlle mlles mm mme mmes mr p.ex pr prof resp st ste suiv sté vs""",
        counting="al art chap fig n no nº p pp tél tome vol",
        trailing="etc j.-c s.a s.v.p",
    ),
    "it": _of(
        leading="""all arch art avv cap ca cfr dott dott.ssa dr dr.ssa ecc.za ed egr es fig gen
        gent geom ing mons nr on p.es pag pagg prof prof.ssa rag rev s seg sig sig.na sig.ra sigg
        spett st v vs""",
        counting="art cap fig n nn nr p pag pagg pp tel vol",
        trailing="a.c d.c ecc s.p.a s.r.l",
    ),
    "nl": _of(
        leading="""afb art b.v bijv blz bv ca dhr d.m.v d.w.z dr drs enz.a evt excl fam fig gem
        gebr i.p.v i.v.m incl ing ir jhr m.b.t m.i m.n max mej mevr min mr mw n.a.v nl o.a o.l.v
        prof resp sr st t.a.v t.b.v t.g.v t.o.v tel vgl vs z.g z.o.z zgn""",
        counting="afb art blz fig nr nrs p par tel vol",
        trailing="e.d enz etc m.m n.chr v.chr n.v",
    ),
    "pt": _of(
        leading="""al alm apto arq art av bel brig c.el cap cel cf círc cód comdte cons dep depto
        des dir d dª dna dr dra drª drs dras ed eng engº ex exma exmo ed fig fl fls gal gen gov
        gr i.e ilma ilmo inc insp jd lic ltd maj mons mín máx min méd obs org pág págs pe pça
        p.ex prof profa profª proc ref res rev rod s sen sg sgt sr sra srª sras sres srs srta sta
        sto sup ten trav v v.exa vs vv""",
        counting="art arts cap fig fl fls inc n no nº num p pág págs par pp qtd tel tels vol §",
        trailing="a.c a.m cia d.c etc jr ltda p.m s.a e.u.a eua",
    ),
}
