"""The verdict on a mail: its bytes read once into facts that know their place, then judged by the rules."""
