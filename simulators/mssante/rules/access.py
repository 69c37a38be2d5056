"""Who may open a mailbox: TLS, the SASL mechanisms, tokens, certificates, rights (facts mssante §1.2, §2.2, §7.2)."""

from __future__ import annotations

from typing import Final

from simulators.core.rules import Example, Level
from simulators.mssante.rules.wire import INFERRED, SOURCED, STANDARD, rule

FAILED: Final = "535 5.7.8"
_SESSION: Final = "command:AUTH"
_SASL: Final = "RFC 4954 §4, RFC 4422"
_AMA: Final = "ANS, webinaire Ségur du 9 septembre 2025, réponse MSS/CONF.01"
_REF2: Final = "Référentiel MSSanté #2 v1.0.1, ECO.1.2.1 (second hand)"

TLS = rule(
    "AUTH-TLS",
    "TLS of the session",
    "l'authentification est demandée sans TLS",
    "authentication was asked without TLS: must issue STARTTLS first",
    "envoyez STARTTLS (587, 143) ou prenez le port TLS (465, 993) avant AUTH",
    "send STARTTLS (587, 143), or take the TLS port (465, 993), before AUTH",
    code="530 5.7.0",
    source="Référentiel MSSanté #2, ECO.1.0.1, ECO.1.0.2; RFC 3207 §4",
    grade=SOURCED,
    switchable=False,
    kind="transport",
    example=Example("tls", "none", "TLS 1.2 or 1.3"),
)
MECHANISM = rule(
    "AUTH-MECHANISM",
    "SASL mechanism",
    "ce mécanisme SASL n'est pas offert",
    "this SASL mechanism is not offered",
    "XOAUTH2 (PER, ORG), EXTERNAL (APP) ; OAUTHBEARER est accepté ; PLAIN et LOGIN si la BAL a un mot de passe",
    "XOAUTH2 (PER, ORG), EXTERNAL (APP); OAUTHBEARER is accepted; PLAIN and LOGIN if the mailbox has a password",
    code="504 5.5.4",
    source=_SASL,
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example(_SESSION, "CRAM-MD5", "XOAUTH2"),
)
SYNTAX = rule(
    "AUTH-SYNTAX",
    "SASL response",
    "la réponse SASL est illisible",
    "the SASL response cannot be read",
    "XOAUTH2 : base64 de user=<BAL>^Aauth=Bearer <jeton>^A^A, où ^A est l'octet 1",
    "XOAUTH2: base64 of user=<mailbox>^Aauth=Bearer <token>^A^A, where ^A is octet 1",
    code="501 5.5.2",
    source=f"{_SASL}; RFC 7628 §3.1",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("sasl", "not base64", "base64"),
)
AGAIN = rule(
    "AUTH-AGAIN",
    "sequence of commands",
    "la session est déjà authentifiée",
    "the session is authenticated already",
    "ouvrez une autre connexion pour une autre BAL",
    "open another connection for another mailbox",
    code="503 5.5.1",
    source="RFC 4954 §4",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example(_SESSION, "AUTH twice", "once"),
)
ADDRESS = rule(
    "AUTH-ADDRESS",
    "mailbox named by the client",
    "la réponse SASL ne nomme pas la BAL, et le certificat n'en désigne pas une seule",
    "the SASL response names no mailbox, and the certificate does not lead to exactly one",
    "donnez l'adresse de la BAL : user=, a= ou l'identité d'autorisation d'EXTERNAL",
    "give the address of the mailbox: user=, a= or the authorization identity of EXTERNAL",
    code=FAILED,
    source="RFC 7628 §3.1, RFC 4422 appendix A",
    kind="message",
    example=Example("sasl.user", "", "a mailbox"),
)
MAILBOX = rule(
    "AUTH-MAILBOX",
    "mailbox named by the client",
    "aucune BAL de ce monde n'a cette adresse",
    "no mailbox of this world has this address",
    "prenez une BAL du monde (page des BAL), ou une adresse d'un domaine nouveau : elle sera adoptée",
    "use a mailbox of the world (mailbox page), or an address of a new domain: it will be adopted",
    code=FAILED,
    source="RFC 4954 §6",
    grade=STANDARD,
    example=Example("sasl.user", "inconnu@main.mssante.test", "a mailbox of the world"),
)
DISABLED = rule(
    "AUTH-DISABLED",
    "state of the mailbox",
    "la BAL est suspendue ou fermée",
    "the mailbox is suspended or closed",
    "rouvrez la BAL, ou prenez-en une autre",
    "open the mailbox again, or use another one",
    code="535 5.7.13",
    source="RFC 5248 (X.7.13); facts §7.2",
    example=Example("mailbox.state", "suspended", "open"),
)
NOT_TOKEN = rule(
    "AUTH-NOT-TOKEN",
    "kind of the mailbox",
    "une BAL applicative s'ouvre par certificat, pas par un jeton Pro Santé Connect",
    "an applicative mailbox is opened with a certificate, not with a Pro Sante Connect token",
    "présentez le certificat AUTH_CLI de la structure et AUTH EXTERNAL",
    "present the AUTH_CLI certificate of the structure and use AUTH EXTERNAL",
    code=FAILED,
    source=_AMA,
    grade=SOURCED,
    example=Example("sasl.mechanism", "XOAUTH2 on APP", "EXTERNAL"),
)
NOT_CERTIFICATE = rule(
    "AUTH-NOT-CERTIFICATE",
    "kind of the mailbox",
    "l'authentification par certificat n'est pas compatible avec une BAL PER ou ORG",
    "authentication by certificate is not compatible with a PER or ORG mailbox",
    "ouvrez cette BAL avec XOAUTH2 et un jeton Pro Santé Connect, ou prenez une BAL APP",
    "open this mailbox with XOAUTH2 and a Pro Sante Connect token, or use an APP mailbox",
    code=FAILED,
    source=_AMA,
    grade=SOURCED,
    example=Example("sasl.mechanism", "EXTERNAL on PER", "XOAUTH2"),
)
CITIZEN = rule(
    "AUTH-CITIZEN",
    "kind of the mailbox",
    "une BAL de citoyen ne s'ouvre pas en SMTP ni en IMAP",
    "a citizen's mailbox is opened neither by SMTP nor by IMAP",
    "un citoyen lit et répond dans Mon espace santé (pages du bac à sable)",
    "a citizen reads and answers in Mon espace sante (pages of the sandbox)",
    code=FAILED,
    source="facts mssante §1.5",
    example=Example("sasl.user", "citizen", "PER, ORG or APP"),
)
INACTIVE = rule(
    "AUTH-TOKEN",
    "introspection of the access token",
    "Pro Santé Connect ne reconnaît pas le jeton comme actif (expiré, révoqué ou étranger)",
    "Pro Sante Connect does not hold the token for active (expired, revoked or foreign)",
    "rafraîchissez la session PSC et donnez le nouveau jeton d'accès ; le journal de l'introspection dit pourquoi",
    "refresh the PSC session and give the new access token; the journal of the introspection says why",
    code=FAILED,
    source=f"{_REF2}; facts psc §1.9",
    grade=SOURCED,
    kind="message",
    example=Example("sasl.auth", "active=false", "active=true"),
)
SUBJECT = rule(
    "AUTH-SUBJECT",
    "claim SubjectNameID",
    "le jeton ne dit pas qui est le professionnel (SubjectNameID absent)",
    "the token does not tell who the professional is (no SubjectNameID)",
    "donnez le jeton d'accès (pas celui de rafraîchissement) obtenu avec la portée scope_all",
    "give the access token (not the refresh token) obtained with scope scope_all",
    code=FAILED,
    source="facts mssante §2.2, psc §1.9",
    kind="message",
    needs=("AUTH-TOKEN",),
    example=Example("token.SubjectNameID", "", "8 + RPPS"),
)
RIGHTS = rule(
    "AUTH-RIGHTS",
    "rights of the professional",
    "le professionnel du jeton n'est ni titulaire de la BAL (PER) ni un de ses utilisateurs déclarés (ORG)",
    "the professional of the token is neither the owner of the mailbox (PER) nor one of its declared users (ORG)",
    "connectez la bonne personne, ou déclarez-la utilisatrice de la BAL ORG",
    "sign the right person in, or declare that person a user of the ORG mailbox",
    code=FAILED,
    source="facts mssante §2.2 (SubjectNameID against the mailbox)",
    needs=("AUTH-SUBJECT",),
    example=Example("token.SubjectNameID", "899700000054", "899700000039"),
)
INTROSPECTION = rule(
    "AUTH-INTROSPECTION",
    "introspection endpoint",
    "l'opérateur n'a pas pu interroger Pro Santé Connect",
    "the operator could not ask Pro Sante Connect",
    "lancez Pro Santé Connect dans ce bac à sable, ou donnez mssante.introspection-url, -client et -secret",
    "run Pro Sante Connect in this sandbox, or set mssante.introspection-url, -client and -secret",
    code="454 4.7.0",
    source="RFC 4954 §6",
    grade=STANDARD,
    switchable=False,
    example=Example("introspection", "no answer", "200"),
)
CERTIFICATE = rule(
    "AUTH-CERTIFICATE",
    "client certificate",
    "EXTERNAL sans certificat client sur la connexion TLS",
    "EXTERNAL without client certificate on the TLS connection",
    "présentez le certificat AUTH_CLI de la structure pendant la poignée de main TLS",
    "present the AUTH_CLI certificate of the structure during the TLS handshake",
    code=FAILED,
    source=_AMA,
    grade=SOURCED,
    kind="transport",
    example=Example("tls:client-certificate", "", "AUTH_CLI"),
)
CHAIN = rule(
    "AUTH-CERTIFICATE-CHAIN",
    "chain and use of the client certificate",
    "le certificat client n'est pas (ou plus) accepté, ou n'est pas d'authentification (AUTH_CLI)",
    "the client certificate is not (or no longer) accepted, or is not for authentication (AUTH_CLI)",
    "présentez un certificat AUTH_CLI valide émis ici (segur-sandbox cert issue)",
    "present a valid AUTH_CLI certificate issued here (segur-sandbox cert issue)",
    code=FAILED,
    source="RFC 5280 §6; ANS, Référentiel MSSanté #2 (AUTH_CLI)",
    grade=STANDARD,
    kind="transport",
    needs=("AUTH-CERTIFICATE",),
    example=Example("tls:client-certificate", "wrong-usage", "AUTH_CLI"),
)
STRUCTURE = rule(
    "AUTH-STRUCTURE",
    "structure of the client certificate",
    "le certificat n'est pas celui d'une structure titulaire de la BAL",
    "the certificate is not that of a structure that owns the mailbox",
    "présentez le certificat de la structure de la BAL, ou rattachez la BAL à cette structure",
    "present the certificate of the mailbox's structure, or bind the mailbox to that structure",
    code=FAILED,
    source="facts mssante §1.2 (APP bound to a structure)",
    needs=("AUTH-CERTIFICATE", "AUTH-CERTIFICATE-CHAIN"),
    example=Example("tls:client-certificate.OU", "10B0999025", "10B0999009"),
)
PASSWORD_OFF = rule(
    "AUTH-PASSWORD-OFF",
    "password of the mailbox",
    "cette BAL n'a pas de mot de passe : l'espace de confiance ne les admet pas",
    "this mailbox has no password: the trust space does not admit them",
    "utilisez XOAUTH2 ou EXTERNAL ; pour un logiciel de bureau, donnez un mot de passe à cette BAL (écart)",
    "use XOAUTH2 or EXTERNAL; for a desktop program, give this mailbox a password (a deviation)",
    code="535 5.7.9",
    source=f"{_REF2}; {_AMA}",
    grade=SOURCED,
    example=Example("sasl.mechanism", "PLAIN", "XOAUTH2"),
)
PASSWORD = rule(
    "AUTH-PASSWORD",
    "password of the mailbox",
    "le mot de passe n'est pas celui de la BAL",
    "the password is not that of the mailbox",
    "donnez le mot de passe choisi pour cette BAL",
    "give the password chosen for this mailbox",
    code=FAILED,
    source="RFC 4954 §6",
    grade=STANDARD,
    kind="message",
    needs=("AUTH-PASSWORD-OFF",),
    example=Example("sasl.password", "another password", "the mailbox's"),
)
DEVIATION = rule(
    "AUTH-DEVIATION",
    "SASL mechanism",
    "BAL ouverte par mot de passe : facilité du bac à sable, aucun opérateur MSSanté ne l'accepte",
    "mailbox opened by password: a convenience of the sandbox, no MSSante operator accepts it",
    "XOAUTH2 (PER, ORG) ou EXTERNAL (APP) avant toute démonstration de conformité",
    "XOAUTH2 (PER, ORG) or EXTERNAL (APP) before any demonstration of conformity",
    code="535 5.7.9",
    source=_REF2,
    grade=SOURCED,
    level=Level.WARN,
    strict=Level.REFUSE,
    example=Example("sasl.mechanism", "PLAIN", "XOAUTH2"),
)
COURTESY = rule(
    "AUTH-OAUTHBEARER",
    "SASL mechanism",
    "OAUTHBEARER est accepté par courtoisie ; le Référentiel #2 nomme XOAUTH2",
    "OAUTHBEARER is accepted by courtesy; Referentiel #2 names XOAUTH2",
    "préférez XOAUTH2",
    "prefer XOAUTH2",
    code="504 5.5.4",
    source="facts mssante §2.2, §9 (not confirmed)",
    grade=INFERRED,
    level=Level.OFF,
    strict=Level.WARN,
    example=Example("sasl.mechanism", "OAUTHBEARER", "XOAUTH2"),
)
ABRUPT = rule(
    "AUTH-ABRUPT",
    "access token",
    "jeton refusé à la manière observée chez un opérateur : 334 avec un JSON, puis connexion coupée",
    "token refused in the way observed at an operator: 334 with a JSON, then the connection drops",
    "traitez la coupure comme un échec d'authentification, sans bloquer les autres fonctions (ECO.1.2.3)",
    "take the cut for a failed authentication, without disturbing other functions (ECO.1.2.3)",
    code=FAILED,
    source="HealthPlatform.Forge, task-354 (refusal observed)",
    grade=SOURCED,
    level=Level.OFF,
    example=Example("sasl.auth", "refused", "an active token"),
)
WORLD = rule(
    "AUTH-WORLD",
    "world of the mailbox and world of the certificate",
    "le certificat appartient à un autre monde que la BAL ; la BAL l'emporte",
    "the certificate belongs to another world than the mailbox; the mailbox wins",
    "prenez le certificat d'une structure du monde de la BAL",
    "use the certificate of a structure of the mailbox's world",
    code=FAILED,
    source="this project",
    level=Level.WARN,
    kind="transport",
    example=Example("tls:client-certificate", "other", "main"),
)

RULES: Final = (
    *(TLS, MECHANISM, SYNTAX, AGAIN, ADDRESS, MAILBOX, DISABLED, NOT_TOKEN, NOT_CERTIFICATE, CITIZEN),
    *(INACTIVE, SUBJECT, RIGHTS, INTROSPECTION, CERTIFICATE, CHAIN, STRUCTURE),
    *(PASSWORD_OFF, PASSWORD, DEVIATION, COURTESY, ABRUPT, WORLD),
)
