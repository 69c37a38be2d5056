"""Internet mail: header texts, a bounded MIME reader that names its places, and a writer.

Every mail that comes from outside is read by :func:`read_mail`, which never raises: what is wrong is a defect of the
part it concerns.
"""

from simulators.core.mail.model import Defect, Field, MailLimits, Part
from simulators.core.mail.read import read_mail
from simulators.core.mail.write import Body, address_field, attachment, container, text_body, write_mail

__all__ = [
    "Body",
    "Defect",
    "Field",
    "MailLimits",
    "Part",
    "address_field",
    "attachment",
    "container",
    "read_mail",
    "text_body",
    "write_mail",
]
