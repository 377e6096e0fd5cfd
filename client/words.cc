#include "client/words.h"

#include <cstddef>
#include <cstdlib>
#include <iterator>

namespace vidimus {
namespace {

struct Row {
  const char* text[kLanguageCount];  // sv, fi, en

  const char* In(Language language) const {
    return text[static_cast<int>(language)];
  }
};

// In the order of Phrase.
constexpr Row kPhrases[] = {
    {{"Ingen åtkomst till dina uppgifter finns i loggen.",
      "Lokissa ei ole yhtään tietojesi käyttöä.",
      "No access to your data is in the log."}},
    {{"Alla åtkomster till dina uppgifter ($0) skedde med ditt samtycke eller "
      "enligt lag.",
      "Kaikki tietojesi käyttö ($0) tapahtui suostumuksellasi tai lain "
      "nojalla.",
      "All accesses to your data ($0) were under your consent or under law."}},
    {{"$0 av $1 åtkomster till dina uppgifter var inte som de ska: $2.",
      "$0/$1 tietojesi käyttökerrasta ei ollut niin kuin pitää: $2.",
      "$0 of $1 accesses to your data were not as they should be: $2."}},
    {{"Ingen saknas.", "Yksikään ei puutu.", "None is missing."}},
    {{"Ingen har gått i god för att registret över dem är helt.",
      "Kukaan ei ole taannut, että niiden hakemisto on täydellinen.",
      "Nobody has vouched for the index."}},
    {{"Allt kunde inte kontrolleras.", "Kaikkea ei voitu tarkistaa.",
      "Not all of it could be checked."}},
    {{"Något är fel med det som loggen visar: kör vidimus resident check.",
      "Lokin näyttämässä on jotakin väärin: aja vidimus resident check.",
      "Something is wrong with what the log shows: run vidimus resident "
      "check."}},
    {{"logg $0, storlek $1, förseglad $2 UTC",
      "loki $0, koko $1, sinetöity $2 UTC", "log $0, size $1, sealed $2 UTC"}},

    {{"OKÄND NYCKEL $0 kan tala i ditt namn: $1. Är den inte din, spärra den "
      "genast.",
      "TUNTEMATON AVAIN $0 voi puhua nimissäsi: $1. Jos se ei ole sinun, "
      "mitätöi se heti.",
      "UNKNOWN KEY $0 may speak in your name: $1. If it is not yours, revoke "
      "it at once."}},
    {{"$0: $1", "$0: $1", "$0: $1"}},
    {{"Jämför med nycklarna i din plånbok: vidimus wallet show.",
      "Vertaa lompakkosi avaimiin: vidimus wallet show.",
      "Compare with the keys of your wallet: vidimus wallet show."}},
    {{"din egen", "omasi", "your own"}},
    {{"inlagd av identitetstjänst $0 ($1)",
      "kirjannut tunnistuspalvelu $0 ($1)",
      "enrolled by identity service $0 ($1)"}},
    {{"inlagd av nyckeln $0", "kirjannut avain $0", "enrolled by key $0"}},
    {{"gäller inte", "ei ole voimassa", "does not count"}},
    {{"spärrad", "mitätöity", "revoked"}},
    {{"Nycklar som talar i ditt namn:", "Avaimet, jotka puhuvat nimissäsi:",
      "Keys that speak in your name:"}},

    {{"enhet $0", "yksikkö $0", "unit $0"}},
    {{"för: $0", "tarkoitus: $0", "for: $0"}},
    {{"varför: $0", "miksi: $0", "why: $0"}},
    {{"grund: $0", "peruste: $0", "basis: $0"}},
    {{"ditt samtycke ($0)", "suostumuksesi ($0)", "your consent ($0)"}},
    {{"lag: $0 ($1)", "laki: $0 ($1)", "law: $0 ($1)"}},
    {{"till: $0", "vastaanottaja: $0", "to: $0"}},
    {{"vem: $0", "kuka: $0", "who: $0"}},
    {{"en människa", "ihminen", "a person"}},
    {{"ett program med fasta regler", "kiintein säännöin toimiva ohjelma",
      "a program with fixed rules"}},
    {{"en människa med hjälp av AI", "ihminen tekoälyn avustamana",
      "a person helped by AI"}},
    {{"AI på egen hand", "tekoäly itsenäisesti", "AI by itself"}},
    {{"framgår inte", "ei ilmene", "not said"}},
    {{"AI-registret $0: $1", "tekoälyrekisteri $0: $1", "AI register $0: $1"}},
    {{"AI-system $0, inte i registret",
      "tekoälyjärjestelmä $0, ei rekisterissä",
      "AI system $0, not in the register"}},
    {{"NÖDÅTKOMST: uppgifterna lämnades ut innan åtkomsten antecknades",
      "HÄTÄKÄYTTÖ: tiedot luovutettiin ennen kuin käyttö kirjattiin",
      "EMERGENCY: the data went out before the access was recorded"}},
    {{"lag: $0", "laki: $0", "law: $0"}},
    {{"åberopas inte", "siihen ei vedota", "not appealed to"}},
    {{"vilja: $0", "tahto: $0", "wish: $0"}},
    {{"tid: $0", "aika: $0", "timing: $0"}},
    {{"i tid", "ajallaan", "in time"}},
    {{"samtidigt med ditt nej", "samaan aikaan kieltosi kanssa",
      "at the same time as your no"}},
    {{"på gammalt underlag", "vanhentuneen tiedon varassa",
      "on what was out of date"}},
    {{"för sent antecknad", "kirjattu liian myöhään", "recorded too late"}},
    {{"utan utslag: $0", "ei ratkaisua: $0", "no verdict: $0"}},
    {{"innehållet visas inte", "sisältöä ei näytetä",
      "the content is not shown"}},
    {{"oläslig, fast förvaltningen skrev under",
      "lukukelvoton, vaikka hallinto allekirjoitti",
      "unreadable, though the administration signed it"}},
    {{"du", "sinä", "you"}},
    {{"ditt ombud", "edustajasi", "your delegate"}},
    {{"gäller inte: $0", "ei ole voimassa: $0", "does not count: $0"}},

    {{"Lagligt men oönskat: $0", "Laillista mutta ei-toivottua: $0",
      "Lawful but unwanted: $0"}},
    {{"Önskat men utan stöd i den lag som anges: $0",
      "Toivottua mutta ilman mainitun lain tukea: $0",
      "Wanted but not covered by the law it cites: $0"}},
    {{"Nödåtkomster: $0", "Hätäkäyttöjä: $0", "Emergencies: $0"}},
    {{"Visas: $0 av $1", "Näytetään: $0/$1", "Shown: $0 of $1"}},
    {{"Inte anslutna till loggen, så det som sker där syns inte:",
      "Ei liitetty lokiin, joten niissä tapahtuva ei näy:",
      "Not connected to the log, so what happens there is not seen:"}},

    {{"läste", "luki", "read"}},
    {{"skapade", "loi", "created"}},
    {{"ändrade", "muutti", "updated"}},
    {{"raderade", "poisti", "deleted"}},
    {{"bearbetade", "käsitteli", "executed on"}},
    {{"använde", "käytti", "used"}},

    {{"$0 åtkomst", "$0 käyttö", "$0 access"}},
    {{"$0 åtkomster", "$0 käyttöä", "$0 accesses"}},
    {{"$0 förvaltning", "$0 hallinto", "$0 administration"}},
    {{"$0 förvaltningar", "$0 hallintoa", "$0 administrations"}},
    {{"$0 kedja", "$0 ketju", "$0 chain"}},
    {{"$0 kedjor", "$0 ketjua", "$0 chains"}},
    {{"$0 sak är", "$0 asia on", "$0 thing is"}},
    {{"$0 saker är", "$0 asiaa on", "$0 things are"}},
    {{"$0 hos $1 av $2", "$0, $1 kaikkiaan $2:sta", "$0 by $1 of $2"}},
    {{"Ingen saknas: $0.", "Yksikään ei puutu: $0.", "None is missing: $0."}},
    {{"$0 hittades; ingen har gått i god för indexet.",
      "$0 löytyi; kukaan ei ole taannut hakemistoa.",
      "$0 found; nobody has vouched for the index."}},
    {{"INTE ALLT KONTROLLERAT: $1 kunde inte kontrolleras; $0 hittades.",
      "KAIKKEA EI TARKISTETTU: $1 jäi tarkistamatta; $0 löytyi.",
      "NOT ALL CHECKED: $1 could not be checked; $0 found."}},
    {{"INTE SÅ: $1 fel i det som loggen visar; $0 hittades.",
      "EI NÄIN: $1 vialla siinä, mitä loki näyttää; $0 löytyi.",
      "NOT SO: $1 wrong with what the log shows; $0 found."}},
    {{"$0: $1 och inga fler vid storlek $2", "$0: $1 eikä enempää koossa $2",
      "$0: $1 and no more at size $2"}},
    {{"$0: $1 hittades", "$0: $1 löytyi", "$0: $1 found"}},
    {{"din egen kedja", "oma ketjusi", "your own chain"}},
    {{"$0: inte kontrollerad", "$0: ei tarkistettu", "$0: not checked"}},
    {{"loggen visade inte denna kedja", "loki ei näyttänyt tätä ketjua",
      "the log did not show this chain"}},
    {{"loggen svarade inte: $0", "loki ei vastannut: $0",
      "the log did not answer: $0"}},
    {{"$0: INTE VISAD VARA HEL: $1", "$0: EI OSOITETTU TÄYDELLISEKSI: $1",
      "$0: NOT SHOWN TO BE COMPLETE: $1"}},
    {{"(post $0)", "(merkintä $0)", "(entry $0)"}},
    {{"Inte kontrollerat:", "Ei tarkistettu:", "Not checked:"}},
    {{"om indexet rymmer varje löv: ingen övervakare har gått i god för detta "
      "huvud",
      "onko hakemistossa jokainen lehti: mikään valvoja ei ole taannut tätä "
      "päätä",
      "whether the index holds every leaf: no monitor has vouched for this "
      "head"}},
    {{"$0: $1 är inte anslutet till loggen: åtkomster där antecknas inte",
      "$0: $1 ei ole liitetty lokiin: sikäläistä käyttöä ei kirjata",
      "$0: $1 is not connected to the log: accesses there are not recorded"}},
    {{"$0, post $1: vad som gjordes visas inte ($2); den räknas ändå",
      "$0, merkintä $1: tehtyä ei näytetä ($2); se lasketaan silti",
      "$0, entry $1: what was done is not shown ($2); it counts all the "
      "same"}},
    {{"$0: om det var tillåtet: $1", "$0: oliko se sallittua: $1",
      "$0: whether it was allowed: $1"}},
    {{"dold till $0 UTC, enligt post $1",
      "salattu $0 UTC asti merkinnän $1 mukaan",
      "withheld until $0 UTC, as entry $1 says"}},
    {{"begränsad, enligt post $0", "rajoitettu merkinnän $0 mukaan",
      "restricted, as entry $0 says"}},
    {{"raderad, enligt post $0", "poistettu merkinnän $0 mukaan",
      "erased, as entry $0 says"}},
    {{"SAKNAS: $0", "PUUTTUU: $0", "MISSING: $0"}},
    {{"FÖRFALSKAD, av loggen: $0", "VÄÄRENNETTY, lokin toimesta: $0",
      "FORGED, by the log: $0"}},
    {{"OLÄSLIG, fast förvaltningen skrev under: $0",
      "LUKUKELVOTON, vaikka hallinto allekirjoitti: $0",
      "UNREADABLE, though signed by the administration: $0"}},
    {{"du sade: $0", "sanoit: $0", "you said: $0"}},
    {{"meddelande: $0", "ilmoitus: $0", "notice: $0"}},
    {{"förvaltning $0 fick nyckeln till kedjan med förvaltning $1",
      "hallinto $0 sai avaimen ketjuun hallinnon $1 kanssa",
      "administration $0 was given the key of the chain with administration "
      "$1"}},
    {{"post $0 raderad: $1", "merkintä $0 poistettu: $1",
      "entry $0 erased: $1"}},
    {{"post $0 dold till $1 UTC: $2", "merkintä $0 salattu $1 UTC asti: $2",
      "entry $0 withheld until $1 UTC: $2"}},
    {{"post $0 begränsad: $1", "merkintä $0 rajoitettu: $1",
      "entry $0 restricted: $1"}},
    {{"post $0 inte längre begränsad: $1", "merkintä $0 ei enää rajoitettu: $1",
      "entry $0 no longer restricted: $1"}},
    {{"$0, beslutat av $1", "$0, päättänyt $1", "$0, decided by $1"}},
    {{"$0 $1, för $2, grund $3", "$0: $1, tarkoitus $2, peruste $3",
      "$0 $1, for $2, by $3"}},
    {{"; vem: $0", "; kuka: $0", "; who: $0"}},
    {{"; VEM GÅR INTE ATT LÄSA: $0", "; TEKIJÄ ON LUKUKELVOTON: $0",
      "; WHO IS UNREADABLE: $0"}},
};
static_assert(std::size(kPhrases) == kPhraseCount);

constexpr Row kHeadlines[] = {
    {{"förfalskad", "väärennetty", "forged"}},
    {{"saknas", "puuttuu", "missing"}},
    {{"dold till ett datum", "salattu määräpäivään asti", "withheld"}},
    {{"begränsad", "rajoitettu", "restricted"}},
    {{"raderad", "poistettu", "erased"}},
    {{"överträdelse", "rikkomus", "violation"}},
    {{"obevisad", "todistamatta", "unproven"}},
    {{"mot din vilja", "vastoin tahtoasi", "against your wish"}},
    {{"samtidigt med ditt nej", "samaan aikaan kieltosi kanssa",
      "at the same time as your no"}},
    {{"för sent antecknad", "kirjattu liian myöhään", "recorded too late"}},
    {{"på gammalt underlag", "vanhentuneen tiedon varassa",
      "decided on what was out of date"}},
    {{"med ditt samtycke", "suostumuksellasi", "under your consent"}},
    {{"enligt lag", "lain nojalla", "under law"}},
};
static_assert(std::size(kHeadlines) == kHeadlineCount);

constexpr Row kDimensions[] = {
    {{"", "", ""}},
    {{"inget samtycke finns och ingen lag anges",
      "suostumusta ei ole eikä lakia mainita",
      "nothing was granted and no law is cited"}},
    {{"registret har ingen sådan bestämmelse",
      "rekisterissä ei ole tällaista säännöstä",
      "the register has no such provision"}},
    {{"bestämmelsen ger en annan rättslig grund",
      "säännös antaa toisen oikeusperusteen",
      "the provision gives another legal basis"}},
    {{"det gäller andra förvaltningar", "se koskee muita hallintoja",
      "it is for other administrations"}},
    {{"inte till denna mottagare", "ei tälle vastaanottajalle",
      "not to this recipient"}},
    {{"inte för detta ändamål", "ei tähän tarkoitukseen",
      "not for this purpose"}},
    {{"inte alla dessa uppgifter", "ei kaikkia näitä tietoja",
      "not all of these data"}},
    {{"inte vid den tiden", "ei tuona aikana", "not at that time"}},
    {{"bestämmelsen eller ändamålet är för nytt i registret",
      "säännös tai tarkoitus on rekisterissä liian uusi",
      "the provision or the purpose is too new in the register"}},
    {{"du hade återkallat ditt samtycke", "olit peruuttanut suostumuksesi",
      "you had withdrawn your consent"}},
    {{"samtyckets nyckel var spärrad", "suostumuksen avain oli mitätöity",
      "the key of the consent was revoked"}},
    {{"du hade sagt nej", "olit kieltänyt sen", "you had said no"}},
    {{"beslutad på gammalt underlag, och du hade sagt nej",
      "päätetty vanhentuneen tiedon varassa, ja olit kieltänyt sen",
      "decided on what was out of date, and you had said no"}},
    {{"för sent antecknad, och du hade sagt nej",
      "kirjattu liian myöhään, ja olit kieltänyt sen",
      "recorded too late, and you had said no"}},
    {{"anteckningen går inte att läsa", "merkintää ei voi lukea",
      "the record cannot be read"}},
    {{"det framgår inte vad den beslutades på",
      "siitä ei ilmene, mihin päätös perustui",
      "it names no state that it could have been decided on"}},
    {{"en åtgärd eller aktör som ingen känner",
      "toimenpide tai toimija, jota kukaan ei tunne",
      "an operation or actor that nobody knows"}},
    {{"ett AI-system som inte finns i registret",
      "tekoälyjärjestelmä, jota ei ole rekisterissä",
      "an AI system that is not in the register"}},
    {{"ett system som enligt registret inte är anslutet",
      "järjestelmä, jota rekisterin mukaan ei ole liitetty",
      "a system that the register says is not connected"}},
    {{"en rättslig grund som ingen känner, eller som inte anger någon "
      "bestämmelse",
      "oikeusperuste, jota kukaan ei tunne tai joka ei mainitse säännöstä",
      "a legal basis that nobody knows, or that names no provision"}},
    {{"en handling i registret går inte att läsa",
      "rekisterin asiakirjaa ei voi lukea",
      "a document of the register cannot be read"}},
    {{"ingen har jämfört bestämmelsen med lagen",
      "kukaan ei ole verrannut säännöstä lakiin",
      "nobody has compared the provision with the law"}},
};
static_assert(std::size(kDimensions) == kDimensionCount);

constexpr Row kLaws[] = {
    {{"tillåter det", "sallii sen", "allows it"}},
    {{"ingen lag täcker det", "mikään laki ei kata sitä", "no law covers it"}},
    {{"obevisat", "todistamatta", "unproven"}},
};

constexpr Row kWishes[] = {
    {{"du har samtyckt", "olet suostunut", "you consented"}},
    {{"du har inte sagt något", "et ole sanonut mitään",
      "you have said nothing"}},
    {{"du har sagt nej", "olet kieltänyt", "you said no"}},
};

constexpr Row kEvents[] = {
    {{"samtycke", "suostumus", "consent"}},
    {{"återkallelse", "peruutus", "withdrawal"}},
    {{"förbud", "kielto", "prohibition"}},
    {{"invändning", "vastustus", "objection"}},
    {{"önskemål", "toive", "preference"}},
    {{"bestridande", "kiistäminen", "dispute"}},
    {{"ny nyckel", "uusi avain", "new key"}},
    {{"spärrad nyckel", "mitätöity avain", "revoked key"}},
    {{"återställd nyckel", "palautettu avain", "recovered key"}},
    {{"fullmakt", "valtuutus", "delegation"}},
    {{"annan identitet", "toinen tunnus", "another identity"}},
};
static_assert(std::size(kEvents) == kStatementEventCount);

template <size_t kRows, typename Value>
const char* Look(const Row (&rows)[kRows], Language language, Value value) {
  const auto row = static_cast<size_t>(value);
  return row < kRows ? rows[row].In(language) : "?";
}

constexpr const char* kCodes[] = {"sv", "fi", "en"};
static_assert(std::size(kCodes) == kLanguageCount);

}  // namespace

const char* LanguageCode(Language language) {
  return kCodes[static_cast<int>(language)];
}

std::optional<Language> LanguageFromCode(absl::string_view code) {
  for (int i = 0; i < kLanguageCount; ++i) {
    if (code == kCodes[i]) return static_cast<Language>(i);
  }
  return std::nullopt;
}

Language LanguageOfLocale(absl::string_view locale) {
  const size_t end = locale.find_first_of("_.@");
  return LanguageFromCode(locale.substr(0, end)).value_or(Language::kEnglish);
}

Language LanguageOfProcess() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return LanguageOfLocale(value);
  }
  return Language::kEnglish;
}

const char* PhraseText(Language language, Phrase phrase) {
  return Look(kPhrases, language, phrase);
}

// What a value holds is never read for places.
std::string Say(Language language, Phrase phrase,
                const std::vector<std::string>& values) {
  std::string said;
  for (const char* at = PhraseText(language, phrase); *at != '\0'; ++at) {
    if (*at == '$' && at[1] >= '0' && at[1] <= '9') {
      const auto place = static_cast<size_t>(*++at - '0');
      if (place < values.size()) said += values[place];
    } else {
      said.push_back(*at);
    }
  }
  return said;
}

const char* SayHeadline(Language language, Headline headline) {
  return Look(kHeadlines, language, headline);
}
const char* SayDimension(Language language, Dimension dimension) {
  return Look(kDimensions, language, dimension);
}
const char* SayLaw(Language language, Law law) {
  return Look(kLaws, language, law);
}
const char* SayWish(Language language, Wish wish) {
  return Look(kWishes, language, wish);
}
const char* SayEvent(Language language, StatementEvent event) {
  return Look(kEvents, language, event);
}

}  // namespace vidimus
